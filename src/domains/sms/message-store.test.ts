import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Tx } from '#database';
import { changeOf } from './change-messages.ts';
import { findMessage, insertMessages, type NewMessage, updateMessages } from './message-store.ts';
import { openSmsHouse } from './stage/index.ts';
import { lockClaimed, lockSent, markSubmitting } from './work-store.ts';

const { context, database } = await openSmsHouse();
const now = new Date('2026-03-02T10:00:00Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const OWNER = '018f2f3e-0000-7000-8000-000000000001';

const written = fc.record<NewMessage>({
  id: fc.constant(0n),
  origin: fc.constantFrom('house', 'api', 'sender'),
  entity: fc.constantFrom('shop', 'bank'),
  class: fc.constantFrom('service', 'auth'),
  person: fc.option(fc.constantFrom('p-1', 'p-2')),
  provider: fc.constantFrom('first', 'second', ''),
  recipient: fc.constant('+79161234567'),
  sender: fc.constant('SHOP'),
  body: fc.constantFrom('Your code is 123456', 'no digits', '12345 and 6789'),
  kind: fc.constant('text'),
  secret: fc.boolean(),
  priority: fc.constantFrom(0, 1, 2),
  reference: fc.option(fc.constant('sub_1')),
  dedupeKey: fc.constant(null),
  clientReference: fc.constant(null),
  fingerprint: fc.option(fc.bigInt(-(2n ** 62n), 2n ** 62n)),
  callbackUrl: fc.option(fc.constant('https://example.org/hook')),
  facts: fc.option(fc.constant({ timeZone: 'Asia/Omsk', tags: ['a', 'b'], attributes: { n: 1 } })),
  wanted: fc.option(fc.constant(['first', 'second'])),
  segments: fc.constantFrom(1, 3),
  state: fc.constantFrom('queued', 'deferred', 'rejected'),
  notBefore: fc.option(fc.constant(later(60_000))),
  expiresAt: fc.constantFrom(later(-1), later(3_600_000)),
  validUntil: fc.option(fc.constant(later(1_800_000))),
  error: fc.option(fc.constant('why')),
});

const change = fc.record({
  state: fc.constantFrom(
    ...(['deferred', 'queued', 'accepted', 'sent', 'delivered', 'undelivered'] as const),
    ...(['expired', 'rejected', 'cancelled', 'unknown'] as const),
  ),
  provider: fc.constantFrom('first', 'second'),
  tried: fc.constantFrom([], ['first'], ['first', 'second']),
  notBefore: fc.option(fc.constant(later(120_000))),
  validUntil: fc.option(fc.constant(later(900_000))),
  nextQuestionAt: fc.option(fc.constant(later(300_000))),
  questions: fc.constantFrom(0, 4),
  providerMessageId: fc.option(fc.constantFrom('m-1', 'm-2')),
  error: fc.option(fc.constant('because')),
  closed: fc.boolean(),
});

const insert = async (tx: Tx, message: NewMessage) => {
  const [row] = await insertMessages(tx, {
    now,
    messages: [{ ...message, id: context.ids.next(now.getTime()) }],
  });
  assert.ok(row);
  return row;
};

test('what is told of a message that was written, marked and changed is what stands in the table', async () => {
  await fc.assert(
    fc.asyncProperty(written, fc.array(change, { maxLength: 3 }), async (message, changes) => {
      await database.transaction(async (tx) => {
        let row = await insert(tx, message);
        assert.deepEqual(await findMessage(tx, row.id), row);
        const mark = { owner: OWNER, leaseMs: 5000, now, marks: [{ row, validUntil: later(5) }] };
        const [marked] = await markSubmitting(tx, mark);
        assert.ok(marked);
        assert.deepEqual(await findMessage(tx, row.id), marked);
        assert.deepEqual(await lockSent(tx, [marked]), [marked]);
        row = marked;
        for (const to of changes) {
          const [changed] = await updateMessages(tx, { changes: [changeOf(row, to)], now });
          assert.ok(changed);
          assert.deepEqual(await findMessage(tx, row.id), changed);
          assert.deepEqual(await lockSent(tx, [marked]), [changed], 'touched since it was marked');
          row = changed;
        }
      });
    }),
    { numRuns: 60 },
  );
});

test('only what a sender holds, and as long as it does, is locked as claimed', async () => {
  const message = fc.sample(written, { numRuns: 1, seed: 1 })[0];
  assert.ok(message);
  await database.transaction(async (tx) => {
    const rows = [await insert(tx, message), await insert(tx, message)];
    assert.deepEqual(await lockClaimed(tx, { rows, owner: OWNER }), []);
  });
});
