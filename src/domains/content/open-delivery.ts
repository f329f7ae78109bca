import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { must } from '#errors';
import type { RateLimiter } from '#http';
import { type Subscriptions, userActions } from '#subscriptions';
import { fail } from './errors.ts';
import { hashOf, isSecret } from './link-secret.ts';
import { type Delivery, findDelivery, markOpened } from './store.ts';
import { type ContentEvent, contentEvents } from './topics.ts';

export interface OpenDependencies {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subscriptions: Pick<Subscriptions, 'access' | 'find'>;
  readonly opensFromAddress: RateLimiter;
}

/** Who holds the link: the secret in it, and the one in the browser's cookie. */
export interface Reader {
  readonly token: string;
  readonly browser: string | undefined;
}

export interface Content {
  /** Of the service. */
  readonly service: string;
  readonly title: string;
  readonly body: string;
}

export type Opened =
  /** May be opened: a look that consumes nothing. */
  | { readonly outcome: 'ready'; readonly content: Omit<Content, 'body'> }
  | { readonly outcome: 'opened'; readonly content: Content }
  | { readonly outcome: 'used' | 'expired' | 'no_access'; readonly service: string };

/** The browser that opened it may load it again for so long. */
export const REOPEN_MS = 10 * 60_000;

/** What the link is for. Consumes nothing: scanners and messengers open links too. Throws `content_link_unknown`. */
export async function lookAtDelivery(
  dependencies: OpenDependencies,
  reader: Reader,
): Promise<Opened> {
  const { delivery, judged } = await judge(dependencies, reader);
  if (judged.outcome !== 'ready') return judged;
  return { outcome: 'ready', content: { service: judged.service, title: delivery.title } };
}

/**
 * Opens the link for this browser, once: of many at a time one wins, and the same browser wins again for ten
 * minutes. What was refused is published, nothing else changes. Throws `content_link_unknown`,
 * `rate_limited`.
 */
export async function openDelivery(
  dependencies: OpenDependencies,
  reader: Reader & { readonly browser: string; readonly address: string },
): Promise<Opened> {
  dependencies.opensFromAddress.take(reader.address);
  const { delivery, judged } = await judge(dependencies, reader);
  if (judged.outcome === 'opened') return judged;
  if (judged.outcome !== 'ready') {
    await refuse(dependencies, delivery, judged.outcome);
    return judged;
  }
  const { clock, database } = dependencies;
  const at = clock.now();
  const won = await database.transaction(async (tx) => {
    if (!(await markOpened(tx, delivery, { at, browser: hashOf(reader.browser) }))) return false;
    await announceOpened(tx, dependencies, { delivery, at });
    return true;
  });
  // Whoever lost may be the same browser, pressed twice: it is judged once more.
  if (!won) return judgeLoser(dependencies, reader);
  return { outcome: 'opened', content: contentOf(delivery, judged.service) };
}

async function judgeLoser(dependencies: OpenDependencies, reader: Reader): Promise<Opened> {
  const { judged } = await judge(dependencies, reader);
  must(judged.outcome !== 'ready', 'a delivery that was lost to another is opened');
  return judged;
}

type Judged =
  | Exclude<Opened, { readonly outcome: 'ready' }>
  | { readonly outcome: 'ready'; readonly service: string };

async function judge(
  { database, clock, subscriptions }: OpenDependencies,
  { token, browser }: Reader,
): Promise<{ readonly delivery: Delivery; readonly judged: Judged }> {
  const delivery = isSecret(token) ? await findDelivery(database.pool, hashOf(token)) : undefined;
  if (!delivery) throw fail('content_link_unknown', 'There is no content at this address.');
  const service = (await subscriptions.find(delivery.subscription))?.title ?? delivery.service;
  const now = clock.now();
  const answer = (judged: Judged) => ({ delivery, judged });
  const { openedAt } = delivery;
  if (openedAt && !mayReopen(delivery, openedAt, { browser, now })) {
    return answer({ outcome: 'used', service });
  }
  if (!openedAt && delivery.expiresAt <= now) return answer({ outcome: 'expired', service });
  const { open } = await subscriptions.access(delivery.subscription);
  if (!open) return answer({ outcome: 'no_access', service });
  if (!openedAt) return answer({ outcome: 'ready', service });
  return answer({ outcome: 'opened', content: contentOf(delivery, service) });
}

function mayReopen(
  { openedBy }: Delivery,
  openedAt: Date,
  by: { readonly browser: string | undefined; readonly now: Date },
): boolean {
  const same = by.browser !== undefined && openedBy?.equals(hashOf(by.browser)) === true;
  return same && by.now.getTime() - openedAt.getTime() <= REOPEN_MS;
}

function contentOf({ title, body }: Delivery, service: string): Content {
  return { service, title, body };
}

async function announceOpened(
  tx: Tx,
  { bus }: OpenDependencies,
  { delivery, at }: { readonly delivery: Delivery; readonly at: Date },
): Promise<void> {
  const { msisdn, subscription } = delivery;
  // No hit is known here: the action belongs to its subscription.
  const action = { hit: subscription, action: 'content_get', msisdn, at: at.toISOString() };
  await bus.publishAll(tx, [
    parcel(contentEvents, [
      { key: delivery.customerId.toString(), payload: eventOf(delivery, 'opened', at) },
    ]),
    parcel(userActions, [{ key: subscription, payload: action }]),
  ]);
}

async function refuse(
  { bus, clock, database }: OpenDependencies,
  delivery: Delivery,
  reason: string,
): Promise<void> {
  const payload = { ...eventOf(delivery, 'refused', clock.now()), reason };
  await database.transaction((tx) =>
    bus.publish(tx, contentEvents, [{ key: delivery.customerId.toString(), payload }]),
  );
}

function eventOf(
  { msisdn, subscription, bill, title }: Delivery,
  event: ContentEvent['event'],
  at: Date,
): ContentEvent {
  return { event, msisdn, subscription, bill, item: title, at: at.toISOString() };
}
