import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { silentLog } from '#log';
import { createRules } from '#rules/create-rules';
import { readLaws } from '#rules/laws';
import { NOON } from '#rules/stage';
import { testDatabase } from '#testing';

const log = silentLog();

test('the laws that come with Kopek hold from the first start, and are written down once', async (t) => {
  const database = await testDatabase(t);
  const clock = createFakeClock(NOON);
  const laws = await readLaws();
  const first = await createRules({ database, clock, log });
  t.after(() => first.close());
  const page = { id: null, status: null, after: ['', 0] as const, limit: 200 };
  const sets = await first.sets(database.pool, page);
  assert.deepEqual(
    sets.map(({ id, status, version }) => `${id}@${version} ${status}`).sort(),
    laws.sets.map(({ id, status, version }) => `${id}@${version} ${status}`).sort(),
  );
  assert.ok(sets.every(({ built_in }) => built_in));
  const year = await first.calendar(database.pool, { country: 'RU', year: 2026 });
  assert.equal(year.days['03-09'], 'off');
  const audit = { subject: null, before: null, limit: 200 };
  const lines = (await first.audit(database.pool, audit)).length;
  const second = await createRules({ database, clock, log });
  t.after(() => second.close());
  assert.equal((await second.audit(database.pool, audit)).length, lines);
});

test('a year that comes with Kopek anew goes before an older one, not before a later import', async (t) => {
  const database = await testDatabase(t);
  const clock = createFakeClock(NOON);
  const [year] = (await readLaws()).calendars;
  assert.ok(year);
  const start = async (version: number) => {
    const laws = { sets: [], calendars: [{ ...year, version }], numbers: [] };
    const rules = await createRules({ database, clock, log, laws });
    t.after(() => rules.close());
    return rules;
  };
  const rules = await start(1);
  const { country, year: of } = year;
  const versionNow = async () =>
    (await rules.calendar(database.pool, { country, year: of })).version;
  await start(2);
  assert.equal(await versionNow(), 2);
  await database.transaction((tx) =>
    rules.saveCalendar(tx, { country, year: of, source: 'a decree', days: {} }, 'test'),
  );
  await start(2);
  assert.equal(await versionNow(), 3);
});
