import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';
import { lawOf, lawsOf, setStage, twiceADay } from './stage/index.ts';
import { recordKeptSince, tidyRules } from './tidy-rules.ts';

const DAY_MS = 86_400_000;
const keeps = (id: string, keep: string) =>
  lawOf(id, [{ kind: 'retention', id: 'keep', title: 'Kept for the authority', keep }]);

const database = await testDatabase();
const { ask, clock, reserve, rules } = await setStage(database, lawsOf(twiceADay));
const tidy = () => tidyRules({ database, clock, sets: rules.knowledge().sets });

test('places that no rule can look at are forgotten with their scopes, others stay', async () => {
  const [old, young] = ['+79160000001', '+79160000002'];
  await reserve(ask({ recipient: old }));
  clock.advanceMs(61 * DAY_MS);
  await reserve(ask({ recipient: young }));
  assert.deepEqual(await tidy(), { places: 0, scopes: 0, asked: 0, changes: 0 });
  clock.advanceMs(2 * DAY_MS);
  assert.deepEqual(await tidy(), { places: 1, scopes: 1, asked: 0, changes: 0 });
  const { rows } = await sql<{ scope: string }>`select scope from rules.scope`.execute(
    database.pool,
  );
  assert.equal(rows.length, 1);
  assert.match(rows[0]?.scope ?? '', new RegExp(`\\${young}$`));
  assert.deepEqual(await reserve(ask({ recipient: old })), ['send'], 'its scope is made again');
});

test('a scope in which somebody counts just now keeps its row', async () => {
  const recipient = '+79160000003';
  await reserve(ask({ recipient }));
  await sql`delete from rules.counted`.execute(database.pool);
  await database.transaction(async (tx) => {
    await rules.reserve(tx, [ask({ recipient })]);
    await tidy();
  });
  assert.deepEqual(await reserve(ask({ recipient }), ask({ recipient })), ['send', 'defer']);
});

test('the record is kept as long as the most demanding set says', async () => {
  const now = new Date('2026-03-18T09:00:00Z');
  const since = (...ids: string[]) =>
    recordKeptSince(
      ids.map((keep, index) => keeps(`law-${index}`, keep)),
      now,
    ).toISOString();
  assert.equal(since(), '2024-09-18T09:00:00.000Z');
  assert.equal(since('P90D', 'P1Y'), '2024-09-18T09:00:00.000Z');
  assert.equal(since('P18M', 'P5Y'), '2021-03-18T09:00:00.000Z');
});

test('what was asked and changed is forgotten when every law’s time is over', async (t) => {
  const own = await testDatabase(t);
  const stage = await setStage(own, lawsOf(keeps('long', 'P3Y')));
  t.after(() => stage.rules.close());
  await stage.reserve(stage.ask());
  const tidyOwn = () =>
    tidyRules({ database: own, clock: stage.clock, sets: stage.rules.knowledge().sets });
  stage.clock.advanceMs(3 * 365 * DAY_MS);
  assert.deepEqual(await tidyOwn(), { places: 0, scopes: 0, asked: 0, changes: 0 });
  stage.clock.advanceMs(2 * DAY_MS);
  const { asked, changes } = await tidyOwn();
  assert.equal(asked, 1);
  assert.equal(changes, 4);
});
