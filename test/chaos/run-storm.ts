import { sql } from '#database';
import { createSpan, eventually, type Lifetime } from '#testing';
import type { Broker } from './broker.ts';
import { type Chance, createChance } from './chance.ts';
import { checkOut } from './checkout.ts';
import { type Judged, judgeInvariants, untilQuiet } from './invariants.ts';
import { type Mishap, mishapsOf, pickMishap } from './mishaps.ts';
import { type CountedRate, mostCounted, readCountedRate } from './rate.ts';
import type { OperatorSettings, Stage } from './stage.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { openWorld, pause, type World } from './world.ts';

export interface StormOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly inquiry: OperatorSettings['inquiry'];
  /** Opens the broker that carries the messages; absent: PostgreSQL does. */
  readonly openBroker?: (life: Lifetime) => Promise<Broker>;
  /** A commit of an older version: the storm begins with it, and upgrades process by process. */
  readonly from?: string | undefined;
  /** A line of progress. */
  readonly say: (line: string) => void;
}

export interface StormReport {
  readonly seed: number;
  readonly customers: number;
  readonly stops: number;
  readonly mishaps: ReadonlyMap<string, number>;
  readonly subscriptions: number;
  readonly paidBills: number;
  readonly debits: number;
  readonly messages: number;
  readonly unknownPayments: number;
  readonly quietAfterMs: number;
  /** Copies of telco that have charged somebody. */
  readonly chargers: number;
  readonly rate: CountedRate;
  readonly judged: readonly Judged[];
}

/** Little enough for the traffic to feel it: the rate is one over all copies, also those that come and go. */
const RATE = 60;
const OPERATOR = { requests_per_second: RATE, timeout_ms: 1000, settle_ms: 5000 } as const;
const BETWEEN_MISHAPS_MS = { least: 300, most: 2500 } as const;
const PROGRESS_MS = 5000;
/** Leases of claims (15 s) and of lanes (15 s) may have to end first, and questions be asked again. */
const QUIET_TIMEOUT_MS = 240_000;
/** What an operator debits late has come by then. */
const LATE_MS = 2500;

/** Traffic and mishaps for so many minutes, then quiet, then judgement from the outside. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const life = createSpan();
  try {
    const broker = await options.openBroker?.(life);
    const root = options.from && (await checkOut(life, options.from));
    const operator = { ...OPERATOR, inquiry: options.inquiry };
    const world = await openWorld(life, { broker, operator, root });
    return await weather(world, options);
  } finally {
    await life.end();
  }
}

async function weather(world: World, options: StormOptions): Promise<StormReport> {
  const { inquiry, minutes, say, seed } = options;
  const { stage } = world;
  await stage.book.tell(
    '/settings',
    { latencyMs: { min: 1, max: 250 }, lateMs: LATE_MS, smsFailures: 0.05 },
    'PUT',
  );
  const traffic = startTraffic(stage, { chance: createChance(seed), inquiry });
  const mishaps = new Map<string, number>();
  const endMs = performance.now() + minutes * 60_000;
  const progress = setInterval(() => {
    const leftS = Math.max(0, Math.round((endMs - performance.now()) / 1000));
    say(`${leftS} s left · ${traffic.phones.length} customers · ${total(mishaps)} mishaps`);
  }, PROGRESS_MS);
  try {
    if (options.from) await upgrade(world, { mishaps, say });
    await sufferUntil(endMs, world, { chance: createChance(seed + 1), mishaps, say });
    say('calm: waiting until everybody has been answered');
    await traffic.end();
  } finally {
    clearInterval(progress);
  }
  return { ...(await judge(world, traffic, say)), seed, mishaps };
}

const BETWEEN_UPGRADES_MS = 800;

/** As the documents say it: migrate, then one process after the other; meanwhile both versions are at work. */
async function upgrade(
  { crew, stage }: World,
  { mishaps, say }: Pick<Suffering, 'mishaps' | 'say'>,
): Promise<void> {
  await pause(BETWEEN_UPGRADES_MS * 2);
  say('migrating under load');
  await stage.migrate();
  for (const [at, name] of crew.names.entries()) {
    await pause(BETWEEN_UPGRADES_MS);
    say(`${name} is upgraded`);
    // Some die instead of stopping: what they held is the other version's to find.
    if (at % 2 === 0) await crew.kill(at, 0);
    else await crew.replace(at);
    mishaps.set('process upgraded', (mishaps.get('process upgraded') ?? 0) + 1);
  }
}

interface Suffering {
  readonly chance: Chance;
  readonly mishaps: Map<string, number>;
  readonly say: StormOptions['say'];
}

/** One mishap after the other; the last is over when this resolves. */
async function sufferUntil(endMs: number, world: World, suffering: Suffering): Promise<void> {
  const { chance, mishaps, say } = suffering;
  const possible: readonly Mishap[] = mishapsOf(world);
  while (performance.now() < endMs) {
    await pause(chance.between(BETWEEN_MISHAPS_MS.least, BETWEEN_MISHAPS_MS.most));
    const mishap = pickMishap(possible, chance);
    say(mishap.name);
    // Everything else goes on breaking meanwhile: the database may be away when its connections are to be cut.
    await mishap.happen(world, chance).catch((error) => say(`${mishap.name}: ${error}`));
    mishaps.set(mishap.name, (mishaps.get(mishap.name) ?? 0) + 1);
  }
}

async function judge({ stage }: World, traffic: Traffic, say: StormOptions['say']) {
  say('quiet: waiting until nothing moves');
  const beganMs = performance.now();
  await pause(LATE_MS * 2);
  await untilQuiet(stage, QUIET_TIMEOUT_MS);
  const quietAfterMs = Math.round(performance.now() - beganMs);
  say('judging');
  const counts = await countAll(stage);
  const rate = await readCountedRate(stage.book);
  const judged = [
    ...(await judgeInvariants(stage, { confirmed: traffic.phones })),
    ...judgeCopies({ ...counts, rate }),
  ];
  return {
    ...counts,
    ...{
      judged,
      rate,
      quietAfterMs,
      customers: traffic.phones.length,
      stops: traffic.stops,
    },
    debits: (await stage.book.debits()).length,
    messages: (await stage.book.delivered()).length,
  };
}

/** What many copies promise together. */
function judgeCopies(of: Pick<StormReport, 'chargers' | 'rate'>): readonly Judged[] {
  const { callsInASecond, stallSeconds } = of.rate;
  const fast = callsInASecond > mostCounted(RATE, of.rate);
  return [
    {
      invariant: `the operator's rate of ${RATE} a second holds over all copies`,
      findings: fast
        ? [`${callsInASecond} calls in a second; it stood still for ${stallSeconds} s`]
        : [],
    },
    {
      invariant: 'the work is shared',
      findings: of.chargers < 2 ? [`${of.chargers} copies of telco have charged`] : [],
    },
  ];
}

async function countAll({ database }: Stage) {
  return eventually(async () => {
    const { rows } = await sql<Counts>`
      select (select count(*)::int from subscriptions.subscription) as subscriptions,
        (select count(*)::int from subscriptions.bill where state = 'paid') as paid,
        (select count(*)::int from payments.payment where state = 'unknown') as unknown,
        (select count(distinct owner)::int from payments.payment) as chargers`.execute(
      database.pool,
    );
    const { chargers, paid, subscriptions, unknown } = rows[0] as Counts;
    return { chargers, subscriptions, paidBills: paid, unknownPayments: unknown };
  });
}

interface Counts {
  readonly subscriptions: number;
  readonly paid: number;
  readonly unknown: number;
  readonly chargers: number;
}

function total(mishaps: ReadonlyMap<string, number>): number {
  return [...mishaps.values()].reduce((sum, count) => sum + count, 0);
}
