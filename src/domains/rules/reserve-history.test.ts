import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { zonedParts } from '#clock';
import { sql } from '#database';
import { testDatabase } from '#testing';
import { lawOf, lawsOf, setStage, twiceADay } from './stage/index.ts';

const LIMIT = 2;
const MINUTE_MS = 60_000;

/** What anybody would write down on paper: who was written to when, by message. */
type Paper = Map<string, { readonly person: number; readonly day: string }>;

const step = fc.oneof(
  fc.record({
    kind: fc.constant('reserve' as const),
    persons: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }),
    commits: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('release' as const), nth: fc.nat() }),
  fc.record({ kind: fc.constant('again' as const), nth: fc.nat() }),
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 2000 }) }),
);

const dayOf = (at: Date) => {
  const { day, month, year } = zonedParts(at, 'Europe/Moscow');
  return `${year}-${month}-${day}`;
};

test('whatever is reserved, undone, given back and repeated, places are as on paper', async () => {
  const database = await testDatabase();
  const { ask, clock, rules } = await setStage(database, lawsOf(twiceADay));
  let histories = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      histories += 1;
      const numberOf = (person: number) => `+79${String(histories * 10 + person).padStart(9, '0')}`;
      const paper: Paper = new Map();
      const requests: ReturnType<typeof ask>[] = [];
      const countOf = (person: number, day: string) =>
        [...paper.values()].filter((one) => one.person === person && one.day === day).length;
      for (const one of steps) {
        if (one.kind === 'wait') clock.advanceMs(one.minutes * MINUTE_MS);
        if (one.kind === 'release') {
          const request = requests[one.nth % Math.max(1, requests.length)];
          if (!request) continue;
          await database.transaction((tx) => rules.release(tx, [request.message]));
          paper.delete(request.message);
        }
        if (one.kind === 'again') {
          const request = requests[one.nth % Math.max(1, requests.length)];
          const known = request && paper.get(request.message);
          // Asked again on its day it keeps its place; on another it would need one there.
          if (!request || known?.day !== dayOf(clock.now())) continue;
          const [decision] = await database.transaction((tx) => rules.reserve(tx, [request]));
          assert.equal(decision?.outcome, 'send');
        }
        if (one.kind !== 'reserve') continue;
        const day = dayOf(clock.now());
        const batch = one.persons.map((person) => ({
          person,
          request: ask({ recipient: numberOf(person) }),
        }));
        const tried: Paper = new Map(paper);
        const work = database.transaction(async (tx) => {
          const decisions = await rules.reserve(
            tx,
            batch.map(({ request }) => request),
          );
          for (const [index, { person, request }] of batch.entries()) {
            const expected = countOf(person, day) < LIMIT ? 'send' : 'defer';
            assert.equal(decisions[index]?.outcome, expected);
            if (expected === 'send') paper.set(request.message, { person, day });
          }
          if (!one.commits) throw new Error('undone');
        });
        if (one.commits) {
          await work;
          requests.push(...batch.map(({ request }) => request));
        } else {
          await assert.rejects(work, /undone/);
          paper.clear();
          for (const [message, place] of tried) paper.set(message, place);
        }
      }
      const { rows } = await sql<{ message: string }>`
        select message from rules.counted c join rules.scope s on s.id = c.scope_id
        where s.scope like ${`%person:${numberOf(0).slice(0, -1)}_`}`.execute(database.pool);
      assert.deepEqual(rows.map(({ message }) => message).sort(), [...paper.keys()].sort());
    }),
    { numRuns: 60 },
  );
});

test('a place of what was not delivered comes back only where the law counts what was', async (t) => {
  const database = await testDatabase(t);
  const [rule] = twiceADay.rules;
  const delivered = { ...rule, undeliveredGivenBackWhen: { all: [] } } as typeof rule;
  assert.ok(delivered);
  const stage = await setStage(database, lawsOf(lawOf('test-law', [delivered])));
  t.after(() => stage.rules.close());
  const [one, other] = [stage.ask(), stage.ask()];
  await stage.reserve(one, other);
  assert.deepEqual(await stage.reserve(stage.ask()), ['defer']);
  await database.transaction((tx) => stage.rules.release(tx, [one.message], 'undelivered'));
  assert.deepEqual(await stage.reserve(stage.ask(), stage.ask()), ['send', 'defer']);
});
