import type { Operators } from '#operators';
import type { Accounts } from './accounts/index.ts';
import type { Routes } from './context.ts';

/** The operators' own SMS and the accounts with other providers, as one. An operator's name is nobody else's. */
export function createRoutes(operators: Operators, accounts: Accounts): Routes {
  const byName = (name: string) => operators.all().find((operator) => operator.name === name);
  return {
    knows: (name) => byName(name) !== undefined || (accounts.get(name)?.account.enabled ?? false),
    admits: (name) =>
      byName(name) === undefined ? accounts.admits(name) : operators.connection(name).admits(),
    perSecond: (name) =>
      byName(name)?.requestsPerSecond ?? accounts.get(name)?.account.requestsPerSecond ?? 0,
    operatorOf: (msisdn) =>
      operators
        .all()
        .find(
          ({ plan }) =>
            msisdn.length === plan.digits + 1 &&
            plan.prefixes.some((prefix) => msisdn.startsWith(`+${prefix}`)),
        )?.name,
  };
}
