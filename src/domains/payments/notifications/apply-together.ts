import type { Sealer } from '#auth';
import { type Database, isTransient } from '#database';
import type { ChargeOutcome } from '#payments/gateway';
import {
  type AcceptedNews,
  type Applied,
  type NewsContext,
  openFees,
  weighAccepted,
} from '#payments/news';
import { readPaymentId } from '#payments/payment';
import { findCardPayments } from '#payments/presented-store';
import { openHeard } from './notification-envelope.ts';
import { closeApplied, putOff, type SealedNotification } from './notification-store.ts';

export interface TogetherOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly context: NewsContext;
}

/** Then it is looked at alone, and waited for. */
const BUSY_TRIES = 3;
const BUSY_MS = 500;

type Outcome = Extract<AcceptedNews['outcome'], { readonly outcome: 'accepted' }>;

interface Told {
  readonly heard: SealedNotification;
  readonly key: { readonly customerId: bigint; readonly id: bigint };
  readonly outcome: Outcome;
}

interface Weighty extends AcceptedNews {
  readonly heard: SealedNotification;
  readonly outcome: Outcome;
}

/**
 * Applies in sets what is told of payments that were made as they were asked for: nearly all that a gateway tells, and every
 * renewal is one of them. Answers what is left, to be looked at one by one: what is not so plain, and what somebody holds.
 * All of `heard` are of one gateway. As with single news each step may be repeated, so that a set that fails is left whole.
 */
export async function applyTogether(
  options: TogetherOptions,
  heard: readonly SealedNotification[],
): Promise<readonly SealedNotification[]> {
  try {
    const applied = await applyPlain(options, heard);
    return heard.filter(({ id }) => !applied.has(id));
  } catch (error) {
    if (!isTransient(error))
      options.context.log.warn({ err: error }, 'notifications could not be applied together');
    return heard;
  }
}

async function applyPlain(
  options: TogetherOptions,
  heard: readonly SealedNotification[],
): Promise<ReadonlySet<bigint>> {
  const { context, database } = options;
  const told = onePerPayment(heard.flatMap((one) => read(options, one)));
  if (told.length < 2) return new Set();
  const news = await findTold(database, told);
  const known = news.filter((one) => weighAccepted(one).is === 'known');
  const settling = news.filter((one) => isSettling(one));
  const settled = settling.length > 0 ? await settle(context, settling) : [];
  await close(options, [
    ...known.map((one) => ({ ...one, result: 'again' as const })),
    ...settled.map((one) => ({ ...one, result: 'accepted' as const })),
  ]);
  // Whoever charged it is writing down his answer: in a moment it is known.
  const isSettled = new Set(settled.map(({ heard: { id } }) => id));
  const busy = settling.filter(
    ({ heard: { id, tries } }) => !isSettled.has(id) && tries <= BUSY_TRIES,
  );
  await putOff(database.pool, {
    ids: busy.map((one) => one.heard.id),
    ...{ delayMs: BUSY_MS, result: 'what it is about is under way' },
  });
  return new Set([...known, ...settled, ...busy].map((one) => one.heard.id));
}

/** What can't be opened or read is told by whoever looks at it alone. */
function read({ context, sealer }: TogetherOptions, heard: SealedNotification): readonly Told[] {
  try {
    const { reading } = openHeard(sealer, heard.sealed, heard.gateway);
    const [news, ...others] = reading.news;
    if (reading.isHint || others.length > 0 || news?.news !== 'payment') return [];
    const { outcome, payment } = news;
    const key = payment === undefined ? undefined : readPaymentId(payment);
    return key && outcome.outcome === 'accepted' ? [{ heard, key, outcome }] : [];
  } catch (error) {
    context.log.debug({ err: error, notification: heard.id }, 'a notification stands alone');
    return [];
  }
}

/** The first of each: the next one finds what that has changed. */
function onePerPayment(told: readonly Told[]): readonly Told[] {
  const first = new Map<bigint, Told>();
  for (const one of told) if (!first.has(one.key.id)) first.set(one.key.id, one);
  return [...first.values()];
}

async function findTold(database: Database, told: readonly Told[]): Promise<readonly Weighty[]> {
  const rows = await findCardPayments(database.pool, {
    customers: told.map(({ key }) => key.customerId),
    ids: told.map(({ key }) => key.id),
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return told.flatMap(({ heard, key, outcome }) => {
    const row = byId.get(key.id);
    const isOne = row?.kind === 'charge' && row.customer_id === key.customerId;
    return isOne ? [{ gateway: heard.gateway, heard, outcome, row }] : [];
  });
}

/** Of a reservation less may be taken: that is no plain news. */
function isSettling(news: Weighty): boolean {
  return news.row.state !== 'authorized' && weighAccepted(news).is === 'settling';
}

/** Answers those that are settled by what was told, as they are now. */
async function settle(context: NewsContext, news: readonly Weighty[]): Promise<readonly Weighty[]> {
  const gateway = news[0]?.gateway ?? '';
  const charged = news.map(({ outcome: { facts }, row }) => {
    const result: ChargeOutcome = { outcome: 'accepted', gatewayReference: facts.transaction };
    return { row, said: { result, log: [], facts } };
  });
  const settled = await context.recorderOf(gateway).recordFree(charged);
  const byId = new Map(settled.map((row) => [row.id, row]));
  return news.flatMap((one) => {
    const row = byId.get(one.row.id);
    const isSettled =
      row?.state === 'accepted' && row.gateway_reference === one.outcome.facts.transaction;
    return isSettled ? [{ ...one, row: { ...one.row, ...row } }] : [];
  });
}

/** What the gateway keeps of them is posted with the same commit that closes its news. */
async function close(
  { context, database }: TogetherOptions,
  news: readonly (Weighty & { readonly result: Applied })[],
): Promise<void> {
  if (news.length === 0) return;
  const fees = await openFees(
    context.ledger,
    news.map(({ gateway, outcome, row }) => ({ gateway, row, facts: outcome.facts })),
  );
  const applied = news.map(({ heard, result }) => ({ id: heard.id, result }));
  await database.transaction(async (tx) => {
    await fees.keep(tx);
    await closeApplied(tx, { applied, now: context.clock.now() });
  });
}
