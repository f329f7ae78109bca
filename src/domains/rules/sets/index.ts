/** Sets of rules and calendars as they are kept, changed and made active. */

export { readCalendars, type SavedCalendar } from './calendar-store.ts';
export { type CalendarYears, createCalendarYears } from './calendars.ts';
export { loadLaws } from './load-laws.ts';
export { type RuleSetRow, readActiveSets } from './rule-set-store.ts';
export { createRuleSets, type RuleSets, toRuleSet } from './rule-sets.ts';
