import type { Bus } from '#bus';
import { apiRoute, type HttpApp, idempotentRoute, type SendableOf, Type } from '#http';
import type { Operators } from '#operators';
import type { AccountState, Accounts } from './accounts/index.ts';
import { fail } from './errors.ts';
import { kindOf, providerKinds } from './providers/index.ts';
import { callbackUrlOf } from './reports/index.ts';
import { unstorableIn } from './requests/index.ts';
import { accountGroup } from './sending/index.ts';

export interface AccountRoutesOptions {
  readonly bus: Bus;
  readonly accounts: Accounts;
  readonly operators: Operators;
  readonly publicUrl: string;
}

const Name = Type.String({
  ...{ pattern: '^[a-z][a-z0-9_]{1,30}$', description: 'As topics, routes and rules call it.' },
});
const Rate = Type.Number({ exclusiveMinimum: 0, maximum: 100_000 });
const Params = Type.Object({ name: Name });
const Settings = Type.Record(Type.String(), Type.Unknown());

const Body = Type.Object({
  kind: Type.String({
    maxLength: 40,
    description: Object.keys(providerKinds).join(', '),
  }),
  title: Type.String({ minLength: 1, maxLength: 200 }),
  enabled: Type.Boolean({ default: true }),
  settings: Type.Unsafe<Readonly<Record<string, unknown>>>({
    ...Settings,
    description: "As the provider's page in the docs lists them.",
  }),
  secrets: Type.Optional(
    Type.Unsafe<Readonly<Record<string, unknown>>>({
      ...Settings,
      description:
        'Credentials: kept sealed and never answered. Left out, those that are there stay.',
    }),
  ),
  requests_per_second: Rate,
  sender_per_second: Type.Optional(Rate),
  entity_per_second: Type.Optional(Rate),
});

const Account = Type.Object({
  name: Type.String(),
  kind: Type.String(),
  title: Type.String(),
  enabled: Type.Boolean(),
  settings: Type.Unsafe<Readonly<Record<string, unknown>>>(Settings),
  requests_per_second: Type.Number(),
  sender_per_second: Type.Optional(Type.Number()),
  entity_per_second: Type.Optional(Type.Number()),
  version: Type.Integer(),
  callback_url: Type.String({ description: 'Tell the provider to call this address.' }),
  closed_reason: Type.Optional(Type.String({ description: 'Why nothing is sent through it now.' })),
});

/** `/v1/sms/providers`: accounts with providers. The rules say who may use them. */
export function registerAccountRoutes(app: HttpApp, options: AccountRoutesOptions): void {
  const { accounts, bus, operators, publicUrl } = options;
  const common = { tag: 'sms providers', scope: 'sms:admin' } as const;
  const show = (state: AccountState) => toApi(state, publicUrl);
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/sms/providers' },
    summary: 'List provider accounts',
    description: "The operators' own SMS are not among them: they come with the operators.",
    schema: { response: Type.Object({ items: Type.Array(Account) }) },
    handler: async () => ({ items: accounts.all().map(show) }),
  });
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/sms/providers/:name' },
    summary: 'Show a provider account',
    schema: { params: Params, response: Account },
    handler: async ({ params }) => show(mustFind(accounts, params.name)),
  });
  idempotentRoute(app, {
    ...{ ...common, url: '/v1/sms/providers/:name' },
    summary: 'Create or change a provider account',
    description: 'Takes effect within a second, in all processes, without a restart.',
    schema: { params: Params, body: Body, response: Type.Object({ name: Type.String() }) },
    handler: async ({ body, params: { name }, principal, tx }) => {
      if (operators.all().some((operator) => operator.name === name))
        throw fail('provider_name_taken', `${name} is an operator: its own SMS needs no account.`, {
          faults: [{ field: 'name', message: 'is an operator' }],
        });
      const { enabled, kind, secrets, settings, title } = body;
      mustBeStorable({ title, settings, secrets });
      // Before credentials of an unknown kind are asked for.
      kindOf(kind);
      // Before anybody can publish to it: a topic that nobody listens to stores nothing.
      await bus.declare([accountGroup(name)]);
      await accounts.save(
        tx,
        {
          ...{ name, kind, title, enabled, settings, secrets },
          requestsPerSecond: body.requests_per_second,
          senderPerSecond: body.sender_per_second,
          entityPerSecond: body.entity_per_second,
        },
        principal.name,
      );
      return { name };
    },
  });
  apiRoute(app, {
    ...{ ...common, method: 'GET', url: '/v1/sms/providers/:name/balance' },
    summary: 'Ask what is left with a provider',
    schema: {
      params: Params,
      response: Type.Object({ amount: Type.String(), currency: Type.Optional(Type.String()) }),
    },
    handler: async ({ params: { name } }) => {
      mustFind(accounts, name);
      const balance = await accounts.talk(name)?.balance?.();
      if (balance) return balance;
      throw fail('balance_unavailable', `${name} does not say what is left, or not now.`);
    },
  });
}

function mustBeStorable(given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    const field = unstorableIn(value, name);
    if (field === undefined) continue;
    const message = 'holds a NUL or half a surrogate pair: take it out';
    throw fail('provider_account_invalid', `The account can't be kept: ${field} ${message}.`, {
      faults: [{ field, message }],
    });
  }
}

function mustFind(accounts: Accounts, name: string): AccountState {
  const state = accounts.get(name);
  if (state) return state;
  throw fail('provider_account_unknown', `There is no provider account called ${name}.`);
}

function toApi(
  { account, closedReason, openMs }: AccountState,
  publicUrl: string,
): SendableOf<typeof Account> {
  const { entityPerSecond, requestsPerSecond, senderPerSecond, ...shown } = account;
  return {
    ...shown,
    requests_per_second: requestsPerSecond,
    ...(senderPerSecond === undefined ? {} : { sender_per_second: senderPerSecond }),
    ...(entityPerSecond === undefined ? {} : { entity_per_second: entityPerSecond }),
    callback_url: callbackUrlOf(publicUrl, account.name),
    ...(openMs > 0 && closedReason !== undefined ? { closed_reason: closedReason } : {}),
  };
}
