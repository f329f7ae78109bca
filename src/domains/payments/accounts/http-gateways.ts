import type { Database } from '#database';
import { apiRoute, type HttpApp, type SendableOf, Type } from '#http';
import type { Operators } from '#operators';
import { type ReceiptSettings, receiptTaxes, taxSystems } from '#payments/card-gateway';
import { fail } from '#payments/errors';
import {
  cardMethods,
  type GatewayAccount,
  type GatewayAccountState,
  type GatewayKind,
  type NewGatewayAccount,
} from './account.ts';
import { type GatewayAccounts, gatewayUnknown } from './create-gateway-accounts.ts';
import type { GatewayMaker, GatewayMakers } from './gateway-maker.ts';

export interface GatewayRoutesOptions {
  readonly accounts: Pick<GatewayAccounts, 'makers' | 'list' | 'find' | 'save' | 'disable'>;
  readonly database: Pick<Database, 'transaction'>;
  readonly operators: Pick<Operators, 'all'>;
  /** Where gateways reach us with what they have to tell. */
  readonly publicUrl: string;
  /** Sees to it that what is published for this gateway is heard: before it is there for anybody. */
  readonly declare: (gateway: string) => Promise<void>;
}

const Name = Type.String({
  ...{ pattern: '^[a-z][a-z0-9_]{1,30}$', description: 'As payments, topics and routes call it.' },
});
const Params = Type.Object({ name: Name });

/** No control characters, and no half of a surrogate pair. */
const SHOWABLE = '^[^\\p{Cc}\\p{Cs}]*$';
const LISTED_MOST = 200;

const words = <const Words extends readonly string[]>(list: Words, description?: string) =>
  Type.Unsafe<Words[number]>({
    ...{ type: 'string', enum: list },
    ...(description === undefined ? {} : { description }),
  });
const listOf = <Item extends Parameters<typeof Type.Array>[0]>(item: Item, description: string) =>
  Type.Optional(
    Type.Array(item, { minItems: 1, maxItems: LISTED_MOST, uniqueItems: true, description }),
  );
const Whole = (minimum: number, description: string) =>
  Type.Integer({ minimum, maximum: 2_147_483_647, description });
const Amount = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }));

const Receipts = Type.Object(
  {
    tax_system: words(taxSystems, 'Of the merchant.'),
    default_tax: words(receiptTaxes, 'Of what names no tax of its own.'),
  },
  {
    description: 'Given, fiscal receipts (54-FZ) go with its payments, confirmations and refunds.',
  },
);

/** What there is to say of an account of any kind. */
const common = {
  title: Type.String({ minLength: 1, maxLength: 200, pattern: SHOWABLE }),
  requests_per_second: Type.Number({
    ...{ exclusiveMinimum: 0, maximum: 100_000 },
    description: 'Over all processes together; every call counts.',
  }),
  currencies: listOf(Type.String({ pattern: '^[A-Z]{3}$' }), 'ISO 4217. Left out: any.'),
  amount_min_minor: Amount('It takes payments from this on; `currencies` then names one.'),
  amount_max_minor: Amount('It takes payments up to this; `currencies` then names one.'),
  brands: listOf(
    Type.String({ pattern: '^[a-z][a-z0-9_]{1,30}$' }),
    'Of cards, in small letters, such as `visa`, `mir`. Left out: any.',
  ),
  methods: listOf(
    words(cardMethods),
    '`present`: its holder enters the card; `saved`: it was kept before. Left out: both.',
  ),
  weight: Whole(0, 'Its share of the payments that it may take; 0: it is only a reserve.'),
  reserve: Type.Optional(
    Whole(0, 'Its place, lowest first, among those tried when another could not.'),
  ),
  receipts: Type.Optional(Receipts),
};

const Account = Type.Object({
  name: Type.String(),
  kind: Type.String(),
  ...common,
  enabled: Type.Boolean(),
  settings: Type.Unsafe<Readonly<Record<string, unknown>>>({
    ...{ type: 'object', additionalProperties: true },
    description: 'As they were put.',
  }),
  version: Type.Integer({ description: 'Grows with each change.' }),
  webhook_url: Type.String({ description: 'What the gateway is to be told to call begins so.' }),
  is_open: Type.Boolean({ description: 'Its breaker is open: nothing is sent to it now.' }),
  closed_reason: Type.Optional(
    Type.String({ description: 'What it failed with when its breaker opened.' }),
  ),
});

interface PutBody {
  readonly kind: GatewayKind;
  readonly title: string;
  readonly enabled?: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly requests_per_second: number;
  readonly currencies?: readonly string[];
  readonly amount_min_minor?: number;
  readonly amount_max_minor?: number;
  readonly brands?: readonly string[];
  readonly methods?: NonNullable<GatewayAccount['methods']>;
  readonly weight: number;
  readonly reserve?: number;
  readonly receipts?: {
    readonly tax_system: ReceiptSettings['taxSystem'];
    readonly default_tax: ReceiptSettings['defaultTax'];
  };
  readonly version?: number;
}

function bodyOf(makers: GatewayMakers) {
  const kinds = Object.entries(makers).map(([kind, maker]) => bodyOfKind(kind, maker));
  return Type.Unsafe<PutBody>(kinds.length > 0 ? Type.Union(kinds) : Type.Never());
}

function bodyOfKind(kind: string, { secrets, settings }: GatewayMaker) {
  return Type.Object(
    {
      kind: Type.Literal(kind),
      ...common,
      enabled: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether it takes new payments.' }),
      ),
      settings,
      secrets: Type.Optional({
        ...Type.Partial(secrets),
        description:
          'Credentials: kept sealed and never answered. Those that are left out stay as they are.',
      }),
      version: Type.Optional(
        Whole(0, 'The version that was read: refused (409) if it has changed since. 0: it is new.'),
      ),
    },
    { title: kind },
  );
}

/** `/v1/gateways`: the merchant's accounts at card gateways, and which of them takes a payment. */
export function registerGatewayRoutes(app: HttpApp, options: GatewayRoutesOptions): void {
  const { accounts, database, declare, operators, publicUrl } = options;
  const of = { tag: 'gateways', scope: 'payments:admin' } as const;
  const show = (state: GatewayAccountState) => gatewayToApi(state, publicUrl);
  apiRoute(app, {
    ...{ ...of, method: 'GET', url: '/v1/gateways' },
    summary: 'List gateway accounts',
    description: 'By name. Operators are not among them: they are set up apart.',
    schema: { response: Type.Object({ items: Type.Array(Account) }) },
    handler: async () => ({ items: (await accounts.list()).map(show) }),
  });
  apiRoute(app, {
    ...{ ...of, method: 'GET', url: '/v1/gateways/:name' },
    summary: 'Show a gateway account',
    schema: { params: Params, response: Account },
    handler: async ({ params: { name } }) => {
      const state = await accounts.find(name);
      if (state) return show(state);
      throw gatewayUnknown(name);
    },
  });
  apiRoute(app, {
    ...{ ...of, method: 'PUT', url: '/v1/gateways/:name' },
    summary: 'Create or change a gateway account',
    description:
      'Takes effect within a second, in all processes, without a restart, and closes its breaker. What is not ' +
      'named is as if it had never been there; secrets alone stay. Each change is written down with who made it.',
    schema: { params: Params, body: bodyOf(accounts.makers), response: Account },
    handler: async ({ body, params: { name }, principal }) => {
      mustBeFree(name, operators);
      const account = fromApi(name, body);
      // Whoever asks it for money from the next moment on is heard.
      await declare(name);
      return show(await database.transaction((tx) => accounts.save(tx, account, principal.name)));
    },
  });
  apiRoute(app, {
    ...{ ...of, method: 'DELETE', url: '/v1/gateways/:name' },
    summary: 'Take a gateway account out of use',
    description:
      'It takes no new payment. It stays, switched off: what it took is still given back and asked about through it. ' +
      'Harmless when it is repeated.',
    schema: { params: Params, response: Account },
    handler: async ({ params: { name }, principal }) =>
      show(await database.transaction((tx) => accounts.disable(tx, name, principal.name))),
  });
}

function mustBeFree(name: string, operators: Pick<Operators, 'all'>): void {
  if (!operators.all().some((operator) => operator.name === name)) return;
  throw fail('gateway_name_taken', `${name} is an operator. Call the account otherwise.`, {
    faults: [{ field: 'name', message: 'is an operator' }],
  });
}

function fromApi(name: string, body: PutBody): NewGatewayAccount {
  const { amount_max_minor, amount_min_minor, receipts } = body;
  const amount = (minor: number | undefined) => (minor === undefined ? undefined : BigInt(minor));
  return {
    ...{ name, kind: body.kind, title: body.title, enabled: body.enabled ?? true },
    ...{ settings: body.settings, secrets: body.secrets, ifVersion: body.version },
    requestsPerSecond: body.requests_per_second,
    ...{ currencies: body.currencies, brands: body.brands, methods: body.methods },
    amountMinMinor: amount(amount_min_minor),
    amountMaxMinor: amount(amount_max_minor),
    ...{ weight: body.weight, reserve: body.reserve },
    receipts: receipts && { taxSystem: receipts.tax_system, defaultTax: receipts.default_tax },
  };
}

/** An account as it is shown, by the API and by `kopek gateways`. */
export function gatewayToApi(
  state: GatewayAccountState,
  publicUrl: string,
): SendableOf<typeof Account> {
  const { account, closedReason, openMs = 0 } = state;
  const { amountMaxMinor, amountMinMinor, receipts, requestsPerSecond, ...shown } = account;
  return {
    ...shown,
    requests_per_second: requestsPerSecond,
    ...(amountMinMinor === undefined ? {} : { amount_min_minor: amountMinMinor }),
    ...(amountMaxMinor === undefined ? {} : { amount_max_minor: amountMaxMinor }),
    ...(receipts ? { receipts: receiptsToApi(receipts) } : {}),
    webhook_url: `${publicUrl}/v1/webhooks/${account.name}`,
    is_open: openMs > 0,
    ...(closedReason === undefined ? {} : { closed_reason: closedReason }),
  } as SendableOf<typeof Account>;
}

function receiptsToApi({ defaultTax, taxSystem }: NonNullable<GatewayAccount['receipts']>) {
  return { tax_system: taxSystem, default_tax: defaultTax };
}
