import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { RateLimiter } from '#http';
import { formatMoney } from '#money';
import { priceInWords, type Subscriptions, userActions } from '#subscriptions';
import { fail } from './errors.ts';
import { userAgentOf, type Visitor } from './visitor.ts';

export interface StopDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subscriptions: Pick<Subscriptions, 'find' | 'readUnsubscribeToken' | 'stop'>;
  readonly limits: { readonly formsFromAddress: RateLimiter };
}

/** What a stop link is about. */
export interface Stoppable {
  readonly subscription: string;
  readonly msisdn: string;
  readonly serviceCode: string;
  readonly title: string;
  /** Of its own terms, which may be older than what is offered now. */
  readonly price: string;
  readonly ended: boolean;
}

/** Shows what would end, and changes nothing: links are opened by scanners too. Throws `token_invalid`. */
export async function readStopLink(
  { subscriptions }: Pick<StopDependencies, 'subscriptions'>,
  token: string,
): Promise<Stoppable> {
  const subscription = subscriptions.readUnsubscribeToken(token);
  const found = await subscriptions.find(subscription);
  if (!found) throw fail('stop_unknown', 'There is no subscription at this address.');
  const { msisdn, serviceCode, title, alive } = found;
  const { currency, period, priceMinor: amountMinor } = found;
  const price = priceInWords(formatMoney({ amountMinor, currency }), period);
  return { subscription, msisdn, serviceCode, title, price, ended: !alive };
}

/**
 * The person's STOP. It goes for the service, not for one subscription: whoever took it again since the link
 * was sent wants that to end too. Pressed again it finds nothing left to end. Throws `token_invalid`, `rate_limited`.
 */
export async function stopByLink(
  dependencies: StopDependencies,
  token: string,
  visitor: Visitor,
): Promise<{ readonly outcome: 'stopped' | 'already_ended'; readonly title: string }> {
  const { database, bus, clock, subscriptions, limits } = dependencies;
  limits.formsFromAddress.take(visitor.address);
  const { subscription, msisdn, serviceCode, title } = await readStopLink(dependencies, token);
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
  return { outcome: cancelled > 0 ? 'stopped' : 'already_ended', title };
}
