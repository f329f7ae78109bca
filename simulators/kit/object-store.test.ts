import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ObjectStore } from './object-store.ts';

const folderOf = () => mkdtempSync(join(tmpdir(), 'kopek-store-'));

test('what was done whole is there after a restart, and what was thrown away never was', async () => {
  const put = fc.tuple(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.integer());
  const transaction = fc.record({ puts: fc.array(put, { maxLength: 5 }), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(transaction, { maxLength: 20 }), async (transactions) => {
      const folder = folderOf();
      const store = new ObjectStore(folder);
      const table = store.table<number>('numbers');
      const expected = new Map<string, number>();
      for (const { fails, puts } of transactions) {
        const act = () =>
          store.transact(() => {
            for (const [id, value] of puts) table.put(id, value);
            if (fails) throw new Error('not so');
          });
        if (fails) assert.throws(act, /not so/);
        else act();
        if (!fails) for (const [id, value] of puts) expected.set(id, value);
      }
      const seen = (from: typeof table) => ['a', 'b', 'c', '__proto__'].map((id) => from.get(id));
      const wanted = ['a', 'b', 'c', '__proto__'].map((id) => expected.get(id));
      assert.deepEqual(seen(table), wanted);
      await store.close();
      appendFileSync(join(folder, 'journal.jsonl'), '[["numbers","a",');
      const again = new ObjectStore(folder);
      assert.deepEqual(seen(again.table<number>('numbers')), wanted);
      assert.deepEqual(again.table<number>('numbers').all(), [...expected.values()]);
      await again.close();
    }),
    { numRuns: 40 },
  );
});

test('a change outside of a transaction is a bug, and one within another is a part of it', async () => {
  const store = new ObjectStore(folderOf());
  const table = store.table<number>('numbers');
  assert.throws(() => table.put('a', 1), /within a transaction/);
  assert.throws(() =>
    store.transact(() => {
      store.transact(() => table.put('a', 1));
      throw new Error('not so');
    }),
  );
  assert.equal(table.get('a'), undefined);
  await store.close();
});
