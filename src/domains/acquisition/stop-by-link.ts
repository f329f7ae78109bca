import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { RateLimiter } from '#http';
import { type Subscriptions, userActions } from '#subscriptions';
import { fail } from './errors.ts';
import { userAgentOf, type Visitor } from './visitor.ts';

export interface StopDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subscriptions: Pick<
    Subscriptions,
    'find' | 'localeAgreedIn' | 'readUnsubscribeToken' | 'stop'
  >;
  readonly limits: { readonly formsFromAddress: RateLimiter };
}

/** What a stop link is about. */
export interface Stoppable {
  readonly subscription: string;
  readonly msisdn: string;
  readonly serviceCode: string;
  readonly title: string;
  /** Of its own terms, which may be older than what is offered now. */
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: string;
  readonly ended: boolean;
  /** In which language its customer has last agreed to something. */
  readonly locale: string | undefined;
}

/** What came of a stop, to whom it is said. */
export interface Stopped extends Pick<Stoppable, 'locale' | 'title'> {
  readonly outcome: 'stopped' | 'already_ended';
}

/** Shows what would end, and changes nothing: links are opened by scanners too. Throws `token_invalid`. */
export async function readStopLink(
  { subscriptions }: Pick<StopDependencies, 'subscriptions'>,
  token: string,
): Promise<Stoppable> {
  const subscription = subscriptions.readUnsubscribeToken(token);
  const found = await subscriptions.find(subscription);
  if (!found) throw fail('stop_unknown', 'There is no subscription at this address.');
  const { alive, currency, msisdn, period, priceMinor, serviceCode, title } = found;
  const locale = await subscriptions.localeAgreedIn(subscription);
  return {
    ...{ subscription, msisdn, serviceCode, title, priceMinor, currency, period },
    ...{ ended: !alive, locale },
  };
}

/**
 * The person's STOP. It goes for the service, not for one subscription: whoever took it again since the link
 * was sent wants that to end too. Pressed again it finds nothing left to end. Throws `token_invalid`, `rate_limited`.
 */
export async function stopByLink(
  dependencies: StopDependencies,
  token: string,
  visitor: Visitor,
): Promise<Stopped> {
  const { database, bus, clock, subscriptions, limits } = dependencies;
  limits.formsFromAddress.take(visitor.address);
  const found = await readStopLink(dependencies, token);
  const { locale, msisdn, serviceCode, subscription, title } = found;
  const saidAt = clock.now();
  const evidence = JSON.stringify({
    ...{ subscription, address: visitor.address, userAgent: userAgentOf(visitor) },
  });
  const cancelled = await database.transaction(async (tx) => {
    const said = { msisdn, serviceCode, channel: 'link' as const, evidence, saidAt };
    const stopped = await subscriptions.stop(tx, said);
    if (stopped.cancelled === 0) return 0;
    // No hit is known here: the action belongs to its subscription.
    const payload = { hit: subscription, action: 'unreg', msisdn, at: saidAt.toISOString() };
    await bus.publishAll(tx, [parcel(userActions, [{ key: subscription, payload }])]);
    return stopped.cancelled;
  });
  return { outcome: cancelled > 0 ? 'stopped' : 'already_ended', title, locale };
}
