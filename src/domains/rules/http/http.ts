import type { HttpApp } from '#http';
import { registerCalendarRoutes } from './http-calendars.ts';
import { type CheckOptions, registerCheckRoutes } from './http-check.ts';
import { registerEntityRoutes } from './http-entities.ts';
import { registerPeopleRoutes } from './http-people.ts';
import { registerSetRoutes } from './http-sets.ts';

/** `/v1/rules` and `POST /v1/sms/check`. Needs keys that grant `rules:read` and `rules:write`. */
export function registerRulesRoutes(app: HttpApp, options: CheckOptions): void {
  registerCheckRoutes(app, options);
  registerEntityRoutes(app, options);
  registerPeopleRoutes(app, options);
  registerSetRoutes(app, options);
  registerCalendarRoutes(app, options);
}
