import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '#database';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { createThrottle, type Throttle } from '#throttle';

const database = await testDatabase();
const log = silentLog();
const SLICE_MS = 100;
let names = 0;

function throttles(count: number, perSecond: () => number): readonly Throttle[] {
  names += 1;
  const name = `test-${names}`;
  return Array.from({ length: count }, () => createThrottle({ database, log, name, perSecond }));
}

/** Takes as much as it gets for so long; answers when each grant came. */
async function takeFor(throttle: Throttle, forMs: number, most = 5): Promise<number[]> {
  const signal = AbortSignal.timeout(forMs);
  const grants: number[] = [];
  while (!signal.aborted) {
    const granted = await throttle.take(most, signal).catch(() => 0);
    assert.ok(granted <= most);
    for (let one = 0; one < granted; one += 1) grants.push(performance.now());
  }
  return grants;
}

/** The most grants in any second and one slice: an answer may come as late as its slice ends. */
function mostInASecond(grants: readonly number[]): number {
  const sorted = grants.toSorted((a, b) => a - b);
  return Math.max(
    ...sorted.map((from, index) => sorted.slice(index).findIndex((at) => at > from + 1000)),
    ...sorted.map((from, index) => {
      const rest = sorted.slice(index);
      return (rest.at(-1) ?? 0) <= from + 1000 ? rest.length : 0;
    }),
  );
}

test('the rate holds over two processes together, within any second and one slice', async () => {
  for (const rate of [15, 47]) {
    const both = throttles(2, () => rate);
    const taken = await Promise.all(
      both.flatMap((one) => [takeFor(one, 2500), takeFor(one, 2500, 2)]),
    );
    const grants = taken.flat();
    const most = Math.ceil(rate * (1 + (2 * SLICE_MS) / 1000)) + 1;
    assert.ok(mostInASecond(grants) <= most, `${mostInASecond(grants)} at a rate of ${rate}`);
    assert.ok(grants.length >= rate * 1.2, `only ${grants.length} at a rate of ${rate}`);
    assert.equal(
      grants.length,
      both.reduce((sum, { granted }) => sum + granted, 0),
    );
  }
});

test('a fraction of one a second is granted as seldom as it says', async () => {
  const [throttle] = throttles(1, () => 2.5);
  assert.ok(throttle);
  const grants = await takeFor(throttle, 2400);
  // A slice that a busy machine sleeps through is lost, so there may be fewer, but never more.
  assert.ok(grants.length >= 3 && grants.length <= 7, `${grants.length} grants`);
});

test('a rate that is changed holds from the next slice on', async () => {
  let rate = 5;
  const [throttle] = throttles(1, () => rate);
  assert.ok(throttle);
  const slow = await takeFor(throttle, 1000);
  rate = 200;
  const fast = await takeFor(throttle, 1000);
  assert.ok(slow.length <= 7, `${slow.length} grants of 5`);
  assert.ok(fast.length >= 80 && fast.length <= 245, `${fast.length} grants of 200`);
});

test('who gives up waiting is told so, and takes no grant from who waits on', async () => {
  const [throttle] = throttles(1, () => 10);
  assert.ok(throttle);
  await throttle.take(1);
  const impatient = new AbortController();
  const given = throttle.take(100, impatient.signal);
  impatient.abort(new Error('stopping'));
  await assert.rejects(given, /stopping/);
  await assert.rejects(throttle.take(1, impatient.signal), /stopping/);
  assert.equal(await throttle.take(1), 1);
});

test('a signal that outlives many requests does not remember them', async () => {
  const [throttle] = throttles(1, () => 10_000);
  assert.ok(throttle);
  const { signal } = new AbortController();
  let listening = 0;
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  Object.assign(signal, {
    addEventListener: (...given: Parameters<typeof addEventListener>) => {
      listening += 1;
      addEventListener.apply(signal, given);
    },
    removeEventListener: (...given: Parameters<typeof removeEventListener>) => {
      listening -= 1;
      removeEventListener.apply(signal, given);
    },
  });
  for (let turn = 0; turn < 50; turn += 1) await throttle.take(1, signal);
  assert.equal(listening, 0);
});

test('while the database is away nobody is granted anything, and afterwards everybody is', async (t) => {
  const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none', log });
  t.after(() => away.close());
  let reached = false;
  const switching = {
    get pool() {
      return reached ? database.pool : away.pool;
    },
  };
  const throttle = createThrottle({
    ...{ log, name: 'away', perSecond: () => 100 },
    database: switching as typeof database,
  });
  let granted = 0;
  const waiting = throttle.take(1).then((given) => {
    granted = given;
  });
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(granted, 0);
  reached = true;
  await waiting;
  assert.equal(granted, 1);
});
