/** What providers say later: heard, asked for, matched with what was submitted. */

export { applyReports, forgetParkedReports, matchParked } from './apply-reports.ts';
export { askProviders, QUESTIONS_MOST } from './ask-providers.ts';
export { createHearing } from './hear-reports.ts';
export { callbackUrlOf, registerCallbackRoutes } from './http-callbacks.ts';
export { firstQuestion } from './question-ladder.ts';
export { findParts, findSubmissions, insertSubmissions, updateParts } from './report-store.ts';
