import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batcher, createBatcher } from '#batch';

/** A flush that a test opens by hand: nothing is committed before it says so. */
function gate() {
  let open = () => {};
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}

function settled(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
}

test('what arrives in one turn is one statement, answered item by item in its order', async () => {
  const flushed: (readonly number[])[] = [];
  const batcher = createBatcher<number, string>({
    async flush(items) {
      flushed.push(items);
      return items.map((item) => `item ${item}`);
    },
  });
  const answers = await Promise.all([1, 2, 3].map((item) => batcher.add(item)));
  assert.deepEqual(answers, ['item 1', 'item 2', 'item 3']);
  assert.deepEqual(flushed, [[1, 2, 3]]);
});

test('nobody is answered before the commit, and meanwhile the next ones gather', async () => {
  const { closed, open } = gate();
  const flushed: number[] = [];
  const batcher = createBatcher<number, void>({
    flushesInFlight: 1,
    async flush(items) {
      flushed.push(items.length);
      await closed;
      return items.map(() => undefined);
    },
  });
  let answered = 0;
  const add = (item: number) =>
    batcher.add(item).then(() => {
      answered += 1;
    });
  const first = add(0);
  await new Promise(setImmediate);
  const rest = Array.from({ length: 20 }, (_, index) => add(index));
  await new Promise(setImmediate);
  assert.equal(answered, 0);
  open();
  await Promise.all([first, ...rest]);
  assert.deepEqual(flushed, [1, 20]);
});

test('a batch holds no more than its most', async () => {
  const sizes: number[] = [];
  const batcher = createBatcher<number, number>({
    itemsMax: 10,
    async flush(items) {
      sizes.push(items.length);
      return items;
    },
  });
  await Promise.all(Array.from({ length: 35 }, (_, index) => batcher.add(index)));
  assert.deepEqual(sizes, [10, 10, 10, 5]);
});

test('one bad item fails alone, and its neighbours are stored once each', async () => {
  const stored: number[] = [];
  const batcher = createBatcher<number, number>({
    async flush(items) {
      if (items.some((item) => item % 10 === 7)) throw new Error('a bad item');
      stored.push(...items);
      return items;
    },
  });
  const all = Array.from({ length: 40 }, (_, index) => index);
  const answers = await Promise.all(all.map((item) => settled(batcher.add(item))));
  const bad = all.filter((item) => answers[item] !== 'done');
  assert.deepEqual(bad, [7, 17, 27, 37]);
  assert.deepEqual(
    stored.toSorted((a, b) => a - b),
    all.filter((item) => item % 10 !== 7),
  );
});

test('when the database is away nobody is tried alone: all are told at once', async () => {
  let flushes = 0;
  const batcher = createBatcher<number, number>({
    async flush() {
      flushes += 1;
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    },
  });
  const answers = await Promise.all([1, 2, 3, 4].map((item) => settled(batcher.add(item))));
  assert.deepEqual(answers, Array(4).fill('ECONNREFUSED'));
  assert.equal(flushes, 1);
});

test('beyond what may wait the next one is refused at once, and is welcome again afterwards', async () => {
  const { closed, open } = gate();
  const batcher: Batcher<number, number> = createBatcher({
    ...{ itemsMax: 1, flushesInFlight: 1, waitingMax: 3 },
    async flush(items) {
      await closed;
      return items;
    },
  });
  const first = batcher.add(0);
  await new Promise(setImmediate);
  const waiting = [1, 2, 3].map((item) => batcher.add(item));
  assert.equal(await settled(batcher.add(4)), 'overloaded');
  open();
  assert.deepEqual(await Promise.all([first, ...waiting]), [0, 1, 2, 3]);
  assert.equal(await batcher.add(5), 5);
});

test('draining waits for everything that was added, failures too, and for nothing where nothing is', async () => {
  const { closed, open } = gate();
  const batcher = createBatcher<number, number>({
    itemsMax: 2,
    async flush(items) {
      await closed;
      if (items.includes(3)) throw new Error('a bad item');
      return items;
    },
  });
  await batcher.drain();
  const answers = [1, 2, 3, 4, 5].map((item) => settled(batcher.add(item)));
  let drained = false;
  const draining = batcher.drain().then(() => {
    drained = true;
  });
  await new Promise(setImmediate);
  assert.equal(drained, false);
  open();
  await draining;
  assert.deepEqual(await Promise.all(answers), ['done', 'done', 'a bad item', 'done', 'done']);
});
