import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from '#database';
import { lawOf, lawsOf, setStage, stopList, twiceADay } from '#rules/stage';
import { testDatabase } from '#testing';
import { previewSet } from './preview-set.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const laws = lawsOf(twiceADay, stopList);

const limited = (limit: number) => ({
  ...lawOf(
    'test-law',
    twiceADay.rules.map((rule) => ({ ...rule, limit }) as never),
  ),
  ...{ version: 2, effective: { from: '2030-01-01T00:00:00Z' } },
});

async function open(t: { after(work: () => void): void }) {
  const database = await testDatabase(t as never);
  const stage = await setStage(database, laws);
  t.after(() => stage.rules.close());
  const began = stage.clock.now();
  const preview = (limit: number, more: { entity?: string; since?: Date } = {}) =>
    previewSet({
      ...{ database, numbers: laws.numbers, set: limited(limit), since: began },
      ...{ until: new Date(stage.clock.nowMs() + 1), ...more },
    });
  return { ...stage, preview };
}

const counted = (lines: readonly { decided: string; would: string; count: number }[]) =>
  Object.fromEntries(lines.map(({ count, decided, would }) => [`${decided} → ${would}`, count]));

test('a stricter limit would have put off what was sent, and says why', async (t) => {
  const { ask, clock, preview, reserve } = await open(t);
  for (let person = 0; person < 5; person += 1) {
    const recipient = `+7916000000${person}`;
    await reserve(ask({ recipient }), ask({ recipient }), ask({ recipient }));
    clock.advanceMs(1000);
  }
  const comparison = await preview(1);
  assert.deepEqual(counted(comparison.lines), {
    'send → send': 5,
    'send → defer': 5,
    'defer → defer': 5,
  });
  assert.deepEqual([comparison.messages, comparison.changed], [15, 5]);
  const line = comparison.lines.find(
    ({ decided, would }) => decided === 'send' && would === 'defer',
  );
  assert.equal(line?.examples.length, 3);
  assert.match(line?.wouldReason ?? '', /^test-law@2\/per-day$/);
  assert.ok(line?.examples.every(({ message, why }) => message && why));
});

test('a looser limit would have sent what was put off', async (t) => {
  const { ask, preview, reserve } = await open(t);
  await reserve(ask(), ask(), ask());
  assert.deepEqual(counted((await preview(3)).lines), { 'send → send': 2, 'defer → send': 1 });
});

test('what was put off in the replay takes its place on the day on which it would have left', async (t) => {
  const { ask, clock, preview, reserve } = await open(t);
  // One a day: the second of the first day would leave on the second, and stand in the way of the third.
  await reserve(ask(), ask());
  clock.advanceMs(DAY_MS);
  await reserve(ask());
  const comparison = await preview(1);
  assert.deepEqual(counted(comparison.lines), { 'send → send': 1, 'send → defer': 2 });
});

test('a message is compared once, however often it was asked about', async (t) => {
  const { ask, clock, preview, reserve } = await open(t);
  const late = ask();
  await reserve(ask(), ask(), late);
  clock.advanceMs(15 * HOUR_MS);
  assert.deepEqual(await reserve(late), ['send']);
  const { lines, messages } = await preview(2);
  assert.equal(messages, 3);
  assert.deepEqual(counted(lines), { 'send → send': 2, 'defer → defer': 1 });
});

test('what was sent before the time that is looked at stands in the counters', async (t) => {
  const { ask, clock, preview, reserve } = await open(t);
  await reserve(ask());
  clock.advanceMs(HOUR_MS);
  const since = clock.now();
  await reserve(ask());
  assert.deepEqual(counted((await preview(1, { since })).lines), { 'send → defer': 1 });
  assert.deepEqual(counted((await preview(2, { since })).lines), { 'send → send': 1 });
  assert.equal((await preview(1, { entity: 'nobody' })).messages, 0);
});

test('what was rejected for its text is left out, and nothing is written down', async (t) => {
  const { ask, database, preview, reserve } = await open(t);
  await reserve(ask(), ask());
  await sql`update rules.asked set outcome = 'reject', reason = 'content_missing'
    where id = (select min(id) from rules.asked)`.execute(database.pool);
  const before = await stateOf(database);
  const { leftOut, messages } = await preview(1);
  assert.deepEqual([leftOut, messages], [1, 1]);
  assert.deepEqual(await stateOf(database), before);
});

async function stateOf({ pool }: Awaited<ReturnType<typeof testDatabase>>) {
  const { rows } = await sql`
    select (select count(*) from rules.asked) as asked, (select count(*) from rules.counted) as counted,
      (select count(*) from rules.scope) as scopes, (select count(*) from rules.rule_set) as sets,
      (select number from rules.revision) as revision`.execute(pool);
  return rows;
}

test('whatever was sent, the same rules would have decided the same', async (t) => {
  const { ask, clock, database, reserve, rules } = await open(t);
  const step = fc.record({
    person: fc.integer({ min: 0, max: 3 }),
    waitMinutes: fc.integer({ min: 0, max: 900 }),
    count: fc.integer({ min: 1, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      clock.advanceMs(40 * DAY_MS);
      const since = clock.now();
      for (const { count, person, waitMinutes } of steps) {
        clock.advanceMs(waitMinutes * 60_000);
        const recipient = `+7916000000${person}`;
        // Of no use tomorrow: what is put off here is never asked about again.
        const expiresAt = new Date(clock.nowMs() + 60_000);
        await reserve(...Array.from({ length: count }, () => ask({ recipient, expiresAt })));
      }
      const [set] = rules.knowledge().sets;
      assert.ok(set?.id === 'test-law');
      const until = new Date(clock.nowMs() + 1);
      const comparison = await previewSet({ database, numbers: laws.numbers, set, since, until });
      assert.equal(comparison.changed, 0, JSON.stringify(comparison.lines));
    }),
    { numRuns: 15 },
  );
});
