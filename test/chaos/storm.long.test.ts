import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import type { ProcessName } from '#processes';
import { assertInvariants, untilQuiet } from './invariants.ts';
import { endLeases } from './locks.ts';
import { insist, openPage, phoneOf, sayStop, storyOf, subscribe } from './people.ts';
import type { Kopek } from './process.ts';
import { ownServer } from './server.ts';
import { type OperatorSettings, type Stage, setStage } from './stage.ts';

// Minutes of everything at once, from a seed: processes die at random moments, the operator loses what it can,
// people subscribe, press twice and stop, and days pass.

await ownServer();

/** `KOPEK_TEST_SEED=7 npm run test:long -- storm` does the same again. */
const SEED = Number(process.env.KOPEK_TEST_SEED ?? '1');
const ROUNDS = 12;
const CUSTOMERS_PER_ROUND = 15;
const ENDINGS = ['01', '02', '03', '04', '05', '90', '91', '94', '95', '96', '97', '98', '99'];

/** Small, and the same on every machine (mulberry32). */
function createChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

interface Crew {
  /** Kills one process of the house, whichever the chance names, and starts it again. */
  killOne(): Promise<void>;
}

async function gather(stage: Stage, chance: () => number): Promise<Crew> {
  const parts: readonly ProcessName[][] = [
    ['dispatcher'],
    ...[['mt-manager'], ['mt-manager'], ['telco'], ['telco']].map((one) => one as ProcessName[]),
    ['qlistener'],
  ];
  const crew: Kopek[] = await Promise.all(parts.map((one) => stage.start(...one)));
  return {
    async killOne() {
      const at = Math.floor(chance() * crew.length);
      await crew[at]?.kill();
      await pause(chance() * 300);
      crew[at] = await stage.start(...(parts[at] ?? ['telco']));
    },
  };
}

async function letADayPass({ database }: Stage): Promise<void> {
  await sql`
    update subscriptions.subscription set anchor_at = anchor_at - interval '1 day',
      paid_until = paid_until - interval '1 day', due_at = due_at - interval '1 day'
    where due_at is not null`.execute(database.pool);
}

for (const inquiry of ['byOurId', 'repeatIsSafe', 'none'] as const) {
  test(`a storm of seed ${SEED}, inquiry ${inquiry}: nobody is charged twice, nobody forgotten`, async (t) => {
    await weather(await startUnderStorm(t, inquiry), inquiry);
  });
}

async function startUnderStorm(
  t: Parameters<typeof setStage>[0],
  inquiry: OperatorSettings['inquiry'],
): Promise<Stage> {
  const stage = await setStage(t, { inquiry, timeout_ms: 1000, settle_ms: 5000 });
  await stage.book.tell(
    '/settings',
    { latencyMs: { min: 1, max: 250 }, lateMs: 2500, smsFailures: 0.05 },
    'PUT',
  );
  if (inquiry === 'repeatIsSafe') {
    // Where every answer of a number is lost nobody ever learns: one in ten of any number instead.
    for (const name of ['lost-answer', 'lost-request', 'late'] as const)
      await stage.book.tell('/scenarios', { name, probability: 0.1 });
  }
  return stage;
}

async function weather(stage: Stage, inquiry: OperatorSettings['inquiry']): Promise<void> {
  const chance = createChance(SEED);
  const crew = await gather(stage, chance);
  const endings = inquiry === 'repeatIsSafe' ? ENDINGS.slice(0, 7) : ENDINGS;
  const phones: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const fresh = Array.from({ length: CUSTOMERS_PER_ROUND }, (_, n) => {
      const ending = endings[Math.floor(chance() * endings.length)] ?? '01';
      return phoneOf(round * CUSTOMERS_PER_ROUND + n, ending);
    });
    phones.push(...fresh);
    const walks = fresh.map(async (phone) => {
      await pause(chance() * 1500);
      await walk(stage, phone);
      if (chance() < 0.3) {
        await pause(chance() * 1500);
        await sayStop(stage, phone);
      }
    });
    await crew.killOne();
    await crew.killOne();
    await Promise.all(walks);
    if (chance() < 0.5) await letADayPass(stage);
    if (chance() < 0.5) await endLeases(stage.database);
  }
  await pause(5000);
  await endLeases(stage.database);
  await untilQuiet(stage, 180_000);
  await assertInvariants(stage, { confirmed: phones });
  const stories = await Promise.all(phones.map((phone) => storyOf(stage, phone)));
  assert.ok(stories.filter((story) => story?.bill === 'paid').length > phones.length / 4);
}

/** Tries until somebody answers, and sometimes presses twice. */
async function walk(stage: Stage, phone: string): Promise<void> {
  for (;;) {
    const visit = await openPage(stage, phone).catch(() => undefined);
    if (!visit) {
      await pause(100);
      continue;
    }
    await Promise.all([insist(stage, visit, 60_000), insist(stage, visit, 60_000)]);
    return;
  }
}

const RATE = 30;
const SLICES_PER_SECOND = 10;

test('three copies of telco keep to one rate in any second', async (t) => {
  const stage = await setStage(t, { requests_per_second: RATE });
  await stage.start('dispatcher', 'qlistener', 'mt-manager');
  const phones = Array.from({ length: 120 }, (_, n) => phoneOf(5000 + n));
  await Promise.all(phones.map((phone) => subscribe(stage, phone)));
  await Promise.all([stage.start('telco'), stage.start('telco'), stage.start('telco')]);
  await untilQuiet(stage, 120_000);
  // A call follows the statement that marks it, so on a busy machine it may arrive a slice after its own.
  const most = await stage.book.metric('operator_calls_per_second_max');
  t.diagnostic(`${most} calls in the fullest second, ${RATE} allowed`);
  const limit = RATE + (2 * RATE) / SLICES_PER_SECOND;
  assert.ok(most <= limit, `${most} calls in a second, ${RATE} allowed`);
  await assertInvariants(stage, { confirmed: phones });
});
