import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { defineTopic } from '#bus/topic';
import { idOf, sourceOf } from './foreign.ts';
import { createReader } from './incoming.ts';

const topic = defineTopic<unknown>('orders', {
  ...{ schema: Type.Object({ n: Type.Integer() }), description: 'numbers' },
});
const read = createReader(topic);
const NONE = {
  ...{ ours: false, id: undefined, source: undefined, time: undefined },
  ...{ subject: undefined, traceparent: undefined },
};
const fallback = { id: 'orders/3/17', key: 'k', time: new Date(5000), source: 'kafka:orders' };
const body = (text: string) => Buffer.from(text);

function rowOf(incoming: ReturnType<typeof read>) {
  return { message_id: incoming.messageId, source: incoming.source };
}

test('a foreign id is a UUID in the tables, and itself everywhere else', () => {
  const one = read({ ...NONE, id: 'ERP 1', source: 'the erp' }, body('{"n":1}'), () => fallback);
  const again = read({ ...NONE, id: 'ERP 1', source: 'the erp' }, body('{"n":1}'), () => fallback);
  assert.match(one.messageId, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  assert.equal(one.messageId, again.messageId);
  assert.deepEqual([idOf(rowOf(one)), sourceOf(rowOf(one))], ['ERP 1', 'the_erp']);
  const without = read(NONE, body('{"n":1}'), () => fallback);
  assert.deepEqual([idOf(rowOf(without)), without.key], ['orders/3/17', 'k']);
});

test('a UUID stays what it is, also one of version 5 that somebody else made', () => {
  const id = '74738ff5-5367-5958-9aee-98fffdcd1876';
  const one = read({ ...NONE, id, source: 'erp' }, body('{"n":1}'), () => fallback);
  assert.deepEqual([idOf(rowOf(one)), sourceOf(rowOf(one))], [id, 'erp']);
});

test('what can not be read says why, and is kept as far as it can be', () => {
  const noJson = read(NONE, body('n \u0000 1'), () => fallback);
  assert.match(noJson.fault ?? '', /^it is no JSON/);
  assert.equal(JSON.parse(noJson.payload), 'n  1');
  const empty = read(NONE, null, () => fallback);
  assert.match(empty.fault ?? '', /^it is no JSON/);
  const other = read(NONE, body('{"n":"x"}'), () => fallback);
  assert.match(other.fault ?? '', /not of the shape of orders: \/n must be integer$/);
  assert.equal(other.payload, '{"n":"x"}');
});

test('strange attributes do no harm', () => {
  const strange = { time: 'yesterday', subject: 'ü\u0000'.repeat(300), traceparent: 'x' };
  const one = read({ ...NONE, ...strange }, body('{"n":1}'), () => fallback);
  assert.deepEqual([one.publishedAt, one.traceparent], [new Date(5000).toISOString(), undefined]);
  assert.equal(one.key, 'ü'.repeat(200));
  const nameless = read({ ...NONE, subject: '' }, body('{"n":1}'), () => ({
    ...fallback,
    key: '',
  }));
  assert.equal(nameless.key, 'orders/3/17');
  // Each of them separates something on the way to the database or back.
  const separating = read({ ...NONE, subject: 'a\u001fb\u001ec' }, body('{"n":1}'), () => fallback);
  assert.equal(separating.key, 'abc');
});
