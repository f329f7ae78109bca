import { join } from 'node:path';
import { setSharedClock } from '#clock';
import { sql } from '#database';
import { buildHouse } from '#house';
import { createMetrics } from '#metrics';
import type { BenchContext } from './frame/claim.ts';
import { benchConfig, quiet, startChild } from './frame/house.ts';
import { flow } from './frame/sms-flow.ts';
import { ENTITY, openSmsStage, SENDER, type SmsStage } from './frame/sms-stage.ts';
import { openWatch } from './frame/sms-watch.ts';

export const name = 'sms-opening';
export const claim =
  '100,000 messages that waited for the opening of a window, all due at once, leave at least 0.8 times as fast as ' +
  'messages that are sent at any other hour, without a gap, and with no more before the provider than half a minute of its rate';

const TARGET = 0.8;
const DEFERRED = 100_000;
/** So many are asked for, and copied with their hours: to ask for all of them is another benchmark. */
const ASKED = 5000;
const AT_ONCE = 1000;
const PLAIN = 5000;
/** More than two cores bring to a handset: the house is measured. */
const PER_SECOND = 1000;
const AHEAD_SECONDS = 30;
const WATCHED_SECONDS = 25;
const SPREAD_MINUTES = 15;
const SITE = join(import.meta.dirname, 'frame', 'sms-site.ts');
const DAY_MS = 86_400_000;
/** Wednesday, noon in Moscow; each sample has days of its own. */
const FIRST_DAY_MS = Date.parse('2026-03-18T09:00:00Z');

export async function run(context: BenchContext): Promise<void> {
  const stage = await openSmsStage(context, { hours: true, perSecond: PER_SECOND });
  let days = 0;
  try {
    await context.compare({
      ...{ situation: `${DEFERRED / 1000},000 due at once`, unit: 'messages/s', target: TARGET },
      against: 'sent at any hour',
      floor: async () => {
        days += 2;
        await setSharedClock(stage.database, new Date(FIRST_DAY_MS + days * DAY_MS));
        return sendPlain(stage, `plain${days}`);
      },
      ours: async () => {
        days += 2;
        return openWindow(context, stage, FIRST_DAY_MS + days * DAY_MS);
      },
    });
  } finally {
    await stage.close();
  }
}

async function sendPlain(stage: SmsStage, name: string): Promise<number> {
  const site = await startChild(SITE, [stage.database.url, stage.folder, 'all']);
  try {
    const port = Number(new URL(site.url).port);
    const options = { port, perRequest: 100, connections: 4, underWayMost: 2500 };
    await flow(stage, { ...options, count: 1000, name: `${name}-warm` });
    return (await flow(stage, { ...options, count: PLAIN, name })).perSecond;
  } finally {
    await site.stop();
  }
}

/** Asked for in the evening, due in the morning: what is on handsets per second from the opening on. */
async function openWindow(context: BenchContext, stage: SmsStage, noonMs: number): Promise<number> {
  const { database } = stage;
  await setSharedClock(database, new Date(noonMs + 12 * 3_600_000));
  await defer(stage, noonMs);
  await noteSpread(context, stage);
  const openingMs = noonMs + DAY_MS - 3 * 3_600_000;
  await setSharedClock(database, new Date(openingMs + SPREAD_MINUTES * 60_000));
  const site = await startChild(SITE, [database.url, stage.folder, 'all']);
  const watch = openWatch(stage, site.url);
  await new Promise((resolve) => setTimeout(resolve, WATCHED_SECONDS * 1000));
  const seen = await watch.close();
  await site.stop();
  await clear(stage);
  if (seen.depthMost > PER_SECOND * AHEAD_SECONDS + AT_ONCE)
    throw new Error(`${seen.depthMost} messages stood before the provider`);
  context.note(
    `${seen.count} in ${WATCHED_SECONDS} s; longest gap ${seen.gapMostMs} ms; before the provider at most ${seen.depthMost}; ` +
      `slowest answer of /healthz ${Math.round(seen.slowestMs)} ms`,
  );
  return seen.perSecond;
}

async function defer(stage: SmsStage, noonMs: number): Promise<void> {
  const { database, folder } = stage;
  const config = await benchConfig(database, folder);
  const metrics = createMetrics();
  const house = await buildHouse({ config, database, log: quiet, metrics, source: 'kopek/bench' });
  const day = noonMs / DAY_MS;
  const messageOf = (n: number) => ({
    ...({
      origin: 'api',
      entity: ENTITY,
      class: 'service',
      kind: 'service',
      sender: SENDER,
    } as const),
    ...{ recipient: `+7917${String(n).padStart(7, '0')}`, body: `Your order ${n} is ready` },
    ...{ person: null, reference: null, dedupeKey: null, callbackUrl: null, facts: null },
    ...{ wanted: null, secret: false, priority: 0, notBefore: null, terms: '' },
    ...{ clientReference: `own:${day}-${n}`, expiresAt: new Date(noonMs + 2 * DAY_MS) },
  });
  try {
    await house.declareGroups();
    for (let from = 0; from < ASKED; from += AT_ONCE) {
      const messages = Array.from({ length: AT_ONCE }, (_, n) => messageOf(from + n));
      const taken = await house.sms.intake.take(messages);
      const [other] = taken.filter((one) => one.outcome !== 'taken' || one.state !== 'deferred');
      if (other) throw new Error(`must hold: at night all wait: ${JSON.stringify(other)}`);
    }
    await copyDeferred(stage);
  } finally {
    await house.close();
  }
}

/** The copies' ids lie in years to come. */
async function copyDeferred({ database }: SmsStage): Promise<void> {
  await sql`
    insert into sms.message (id, origin, entity, class, provider, recipient, sender, body, kind, secret, priority, state,
      at_work, not_before, created_at, expires_at, valid_until, segments, client_reference, fingerprint)
    select id + (n::bigint << 42), origin, entity, class, provider, '+7917' || lpad((n * 10000 + place)::text, 7, '0'),
      sender, body, kind, secret, priority, state, at_work, not_before, created_at, expires_at, valid_until, segments,
      client_reference || '-' || n, fingerprint
    from (select *, row_number() over (order by id) as place from sms.message where state = 'deferred') m
    cross join generate_series(1, ${DEFERRED / ASKED - 1}::integer) n`.execute(database.pool);
  await sql`vacuum (analyze) sms.message`.execute(database.pool);
}

async function noteSpread(context: BenchContext, { database }: SmsStage): Promise<void> {
  const { rows } = await sql<{ fewest: number; most: number; minutes: number }>`
    select min(n)::int as fewest, max(n)::int as most, count(*)::int as minutes from (
      select count(*) as n from sms.message where state = 'deferred'
      group by date_trunc('minute', not_before)) m`.execute(database.pool);
  const { fewest, minutes, most } = rows[0] ?? { fewest: 0, most: 0, minutes: 0 };
  context.note(`spread over ${minutes} minutes, ${fewest} to ${most} in each`);
}

/** What is left is not sent any more: the next sample begins with an empty house. */
async function clear({ database }: SmsStage): Promise<void> {
  await sql`delete from sms.message where closed_at is null`.execute(database.pool);
  await sql`truncate platform.bus_parcel`.execute(database.pool);
}
