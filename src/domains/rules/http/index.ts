/** The routes of the rules. */

export { registerRulesRoutes } from './http.ts';
