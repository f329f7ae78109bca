import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import { afterCommit, type Database, isTransient, type Tx } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { CardGateway } from '#payments/card-gateway';
import { createThrottle, type Throttle } from '#throttle';
import type { GatewayAccountState, NewGatewayAccount } from './account.ts';
import { readGatewayAccount, readGatewayAccounts } from './account-store.ts';
import type { RoutableAccount } from './choose-gateways.ts';
import { fail } from './errors.ts';
import { type GatewayMakers, makerOf } from './gateway-maker.ts';
import { guardGateway } from './guard-gateway.ts';
import { createLiveGateway, createMadeGateway, type MadeGateway } from './live-gateway.ts';
import { disableGatewayAccount, openSecrets, saveGatewayAccount } from './save-gateway-account.ts';
import { createSharedBreaker, type SharedBreaker } from './shared-breaker.ts';

/** The one connection to an account: its rate and its breaker, over all copies together. */
export interface GatewayConnection {
  /** Whether new payments may be given to it: it is switched on, and its breaker is not open. */
  admits(): boolean;
  /** Whether anything may be sent, refunds and questions too: also where it is switched off. */
  isReachable(): boolean;
  perSecond(): number;
  /** Waits for 1 to `most` grants of its rate. Whoever calls the gateway takes one for each call, right before it. */
  take: Throttle['take'];
}

/** The merchant's accounts at card gateways. */
export interface GatewayAccounts {
  readonly makers: GatewayMakers;
  /** As they stand in the database now. */
  list(): Promise<readonly GatewayAccountState[]>;
  find(name: string): Promise<GatewayAccountState | undefined>;
  /** Throws the errors of accounts, naming each field. */
  save(tx: Tx, account: NewGatewayAccount, actor: string): Promise<GatewayAccountState>;
  /** Takes no new payment from then on. Throws `gateway_unknown`. */
  disable(tx: Tx, name: string, actor: string): Promise<GatewayAccountState>;
  /** As they were a second ago at most, for `chooseGateways`: no question to the database. */
  routable(): readonly RoutableAccount[];
  /**
   * The talk with it, behind its breaker: the same for ever, and always with the account as it is. Throws `gateway_unknown`,
   * `gateway_kind_unknown` and what a broken seal says.
   */
  gatewayOf(name: string): CardGateway;
  /** Throws `gateway_unknown`. */
  connection(name: string): GatewayConnection;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface GatewayAccountsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly makers: GatewayMakers;
}

const REFRESH_INTERVAL_MS = 1000;

/** Reads the accounts, and goes on reading them once a second. */
export async function createGatewayAccounts(
  options: GatewayAccountsOptions,
): Promise<GatewayAccounts> {
  const { clock, database, log, makers, sealer } = options;
  const book = createBook(options);
  const gateways = createGateways(options, book);
  const context = { clock, sealer, makers };
  const connections = new Map<string, GatewayConnection>();

  function connect(name: string): GatewayConnection {
    const breaker = book.breakerOf(name);
    const isReachable = () => !breaker.isOpen();
    const perSecond = () => book.get(name).account.requestsPerSecond;
    const { take } = createThrottle({ database, log, name: `card:${name}`, perSecond });
    const admits = () => book.get(name).account.enabled && isReachable();
    return { admits, isReachable, perSecond, take };
  }

  await book.refresh();
  const timer = setInterval(() => {
    book.refresh().catch((error) => {
      if (!isTransient(error)) log.error({ err: error }, 'gateway accounts could not be read');
    });
  }, REFRESH_INTERVAL_MS).unref();
  // Here at once; elsewhere within a second.
  const changed = (tx: Tx) => afterCommit(tx, () => void book.refresh().catch(() => {}));

  return {
    makers,
    list: () => readGatewayAccounts(database.pool),
    find: (name) => readGatewayAccount(database.pool, name),
    async save(tx, account, actor) {
      const saved = await saveGatewayAccount(tx, account, { ...context, actor });
      changed(tx);
      return saved;
    },
    async disable(tx, name, actor) {
      const disabled = await disableGatewayAccount(tx, name, { clock, actor });
      if (!disabled) throw gatewayUnknown(name);
      changed(tx);
      return disabled;
    },
    routable: () =>
      book.all().map(({ account }) => ({
        ...account,
        isOpen: book.breakerOf(account.name).isOpen(),
      })),
    gatewayOf: gateways.of,
    connection(name) {
      const known = connections.get(name) ?? connect(name);
      connections.set(name, known);
      return known;
    },
    refresh: book.refresh,
    async close() {
      clearInterval(timer);
      await gateways.close();
    },
  };
}

type Book = ReturnType<typeof createBook>;

/** Gateways of the accounts that were asked for, each made anew when its account has changed. */
function createGateways({ log, makers, metrics, sealer }: GatewayAccountsOptions, book: Book) {
  const made = new Map<string, MadeGateway>();
  const live = new Map<string, CardGateway>();
  const observe = createObserver(metrics);

  function make(state: GatewayAccountState): CardGateway {
    const { kind, name, receipts, settings } = state.account;
    const secrets = openSecrets(sealer, state);
    const gateway = makerOf(makers, kind).make({ name, kind, settings, secrets, receipts });
    return guardGateway(gateway, {
      breaker: book.breakerOf(name),
      isOn: () => book.get(name).account.enabled,
      observe: (call, outcome, tookMs) => observe({ gateway: name, call, outcome }, tookMs),
    });
  }

  function current(name: string): MadeGateway {
    const state = book.get(name);
    const { version } = state.account;
    const known = made.get(name);
    if (known?.version === version) return known;
    const next = createMadeGateway(version, make(state), log);
    made.set(name, next);
    known?.retire();
    return next;
  }

  return {
    of(name: string): CardGateway {
      current(name);
      const known = live.get(name) ?? createLiveGateway(() => current(name));
      live.set(name, known);
      return known;
    },
    async close(): Promise<void> {
      await Promise.all([...made.values()].map(({ gateway }) => gateway.close()));
    },
  };
}

/** The rows as they were last read, and the breaker of each. */
function createBook({ database, log, metrics }: GatewayAccountsOptions) {
  let states: ReadonlyMap<string, GatewayAccountState> = new Map();
  let readLastMs = 0;
  const breakers = new Map<string, SharedBreaker>();

  const get = (name: string): GatewayAccountState => {
    const state = states.get(name);
    if (state) return state;
    throw gatewayUnknown(name);
  };

  function breakerOf(name: string): SharedBreaker {
    const known = breakers.get(name) ?? createSharedBreaker(get(name), { database, log });
    breakers.set(name, known);
    return known;
  }

  metrics.gauge('kopek_gateway_admits', 'Whether a card gateway is given new payments', {
    labels: ['gateway'],
    read: async () =>
      [...states.values()].map(({ account: { enabled, name } }) => ({
        labels: { gateway: name },
        value: enabled && !breakerOf(name).isOpen() ? 1 : 0,
      })),
  });

  return {
    all: () => [...states.values()],
    get,
    breakerOf,
    async refresh(): Promise<void> {
      const readAtMs = performance.now();
      const read = await readGatewayAccounts(database.pool);
      if (readAtMs < readLastMs) return; // a later reading has overtaken it
      readLastMs = readAtMs;
      states = new Map(read.map((state) => [state.account.name, state]));
      for (const state of read) breakers.get(state.account.name)?.learn(state, readAtMs);
    },
  };
}

function createObserver(metrics: Metrics) {
  const labels = ['gateway', 'call', 'outcome'] as const;
  const calls = metrics.counter(
    'kopek_gateway_calls_total',
    'Calls to card gateways by outcome',
    labels,
  );
  const took = metrics.histogram(
    'kopek_gateway_call_seconds',
    'Time a card gateway takes to answer',
    {
      labels: ['gateway', 'call'],
    },
  );
  return (of: Readonly<Record<(typeof labels)[number], string>>, tookMs: number) => {
    calls.inc(of);
    took.observe({ gateway: of.gateway, call: of.call }, tookMs / 1000);
  };
}

export function gatewayUnknown(name: string) {
  return fail('gateway_unknown', `There is no gateway account called ${name}.`, {
    faults: [{ field: 'name', message: 'is unknown' }],
  });
}
