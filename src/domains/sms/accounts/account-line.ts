import type { Database } from '#database';
import type { Log } from '#log';
import type { SharedOrder, SmsLine, SmsOutcome, SmsProvider } from '#sms/provider';
import { createBreaker, createThrottle, type Throttle } from '#throttle';
import type { ProviderAccount } from './account.ts';

/** An account at work: its rate over all processes, its breaker, and what stops it for all. */
export interface AccountLine extends SmsLine {
  /** Another process says that nothing is to be sent for so long. */
  heardOpen(openMs: number): void;
}

export interface AccountLineOptions {
  readonly database: Database;
  readonly log: Log;
  readonly provider: SmsProvider;
  readonly current: () => ProviderAccount;
  /** Stops it in all processes for so long. */
  readonly close: (forMs: number, reason: string) => void;
}

/** No money, wrong credentials: a person has to act, and is not helped by a refusal each second. */
const ACCOUNT_PAUSE_MS = 60_000;

export function createAccountLine(options: AccountLineOptions): AccountLine {
  const { close, current, database, log, provider } = options;
  const breaker = createBreaker();
  const throttle = createThrottle({
    ...{
      database,
      log,
      name: `sms:${provider.name}`,
      perSecond: () => current().requestsPerSecond,
    },
  });
  const shares = new Map<string, Throttle>();
  let pausedUntilMs = 0;

  function shareOf(of: string, perSecond: number): Throttle {
    const name = `sms:${provider.name}:${of}`;
    const known = shares.get(name);
    if (known) return known;
    const made = createThrottle({ database, log, name, perSecond: () => perSecond });
    shares.set(name, made);
    return made;
  }

  function pause(forMs: number, reason: string): void {
    pausedUntilMs = Math.max(pausedUntilMs, performance.now() + forMs);
    close(forMs, reason);
    log.warn({ provider: provider.name, forMs, reason }, 'an SMS provider is given no messages');
  }

  function heard(result: SmsOutcome): void {
    switch (judge(result)) {
      case 'well':
        breaker.succeeded();
        break;
      case 'refused':
        pause(ACCOUNT_PAUSE_MS, result.outcome === 'accepted' ? '' : result.reason);
        break;
      case 'busy':
        pausedUntilMs = Math.max(pausedUntilMs, performance.now() + retryAfterMs(result));
        break;
      case 'ill': {
        const untilMs = breaker.failed(performance.now());
        if (untilMs !== undefined) pause(untilMs - performance.now(), 'breaker_open');
      }
    }
  }

  return {
    provider: withBreaker(provider, () => breaker.admit(performance.now())),
    admits: () =>
      current().enabled &&
      (provider.ready?.() ?? true) &&
      performance.now() >= pausedUntilMs &&
      breaker.state(performance.now()) !== 'open',
    perSecond: () => current().requestsPerSecond,
    take: throttle.take,
    heard,
    heardOpen: (openMs) => {
      if (openMs > 0) pausedUntilMs = Math.max(pausedUntilMs, performance.now() + openMs);
    },
    share: (orders) => share(orders, { account: current(), shareOf }),
  };
}

/** What an answer says of the provider, not of the message: one that refuses a number is in good health. */
function judge(result: SmsOutcome): 'well' | 'refused' | 'busy' | 'ill' {
  if (result.outcome === 'accepted') return 'well';
  if (result.outcome === 'unknown') return 'ill';
  switch (result.fault) {
    case 'account':
      return 'refused';
    case 'throttled':
      return 'busy';
    case 'unreachable':
    case 'temporary':
      return 'ill';
    case 'recipient':
    case 'message':
      return 'well';
  }
}

function retryAfterMs(result: SmsOutcome): number {
  return result.outcome === 'not_sent' ? (result.retryAfterMs ?? 0) : 0;
}

/** Its one trial after an opening has to be made by whoever is given it. */
function withBreaker(provider: SmsProvider, admit: () => boolean): SmsProvider {
  const send: SmsProvider['send'] = (order) =>
    admit()
      ? provider.send(order)
      : Promise.resolve({
          result: { outcome: 'not_sent', fault: 'throttled', reason: 'breaker_open' },
          log: [],
        });
  return Object.assign(Object.create(provider) as SmsProvider, { send });
}

interface Sharing {
  readonly account: ProviderAccount;
  readonly shareOf: (of: string, perSecond: number) => Throttle;
}

/** The first of each sender and entity that are within their rate go now; the others in the order in which they came. */
async function share(
  orders: readonly SharedOrder[],
  { account, shareOf }: Sharing,
): Promise<readonly number[]> {
  const waits = orders.map(() => 0);
  const limits = [
    ['sender', account.senderPerSecond],
    ['entity', account.entityPerSecond],
  ] as const;
  for (const [kind, perSecond] of limits) {
    if (perSecond === undefined) continue;
    const places = Map.groupBy(orders.keys(), (at) => orders[at]?.[kind] ?? '');
    for (const [of, all] of places) {
      const going = all.filter((at) => waits[at] === 0);
      const granted = await shareOf(`${kind}:${of}`, perSecond).takeNow(going.length);
      for (const [place, at] of going.slice(granted).entries())
        waits[at] = Math.ceil(((place + 1) / perSecond) * 1000);
    }
  }
  return waits;
}
