import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#testing';
import { order, startFixture, temporaryFolder } from './fixture.ts';

test('a payout is accepted, confirmed, transmitted and paid, each said once', async (t) => {
  const { simulator, wire, book } = await started(t);
  await wire.ask(order('a'));
  await wire.until((told) => told.length === 4);
  assert.deepEqual(wire.wordsOf('a'), [
    ...['ard CONFIRMED', 'oebs INSTRUCTION_CREATED', 'oebs TRANSMITTED', 'oebs PAID'],
  ]);
  const [line] = await book();
  assert.equal(line?.state, 'paid');
  assert.equal(line?.paid_minor, 500);
  assert.equal(new Set(wire.told.map(({ event_id }) => event_id)).size, 4);
  const csv = await (await fetch(`${simulator.url}/book.csv`)).text();
  assert.match(csv, /^erp_id,client_id,account,amount_minor,currency,state,/);
  assert.match(csv, /\na,demo,acc_1,500,PKR,paid,/);
});

test('whatever is repeated is paid once, and what disagrees with the first is noted', async (t) => {
  const { book, wire } = await started(t);
  await wire.ask(order('a'), order('a'));
  await wire.until((told) => told.some(({ status }) => status === 'PAID'));
  await wire.ask(order('a'), order('a', { amount_minor: 900 }));
  const [line, ...others] = await book();
  assert.deepEqual(others, []);
  assert.equal(line?.asked, 4);
  assert.equal(line?.disagreeing, 1);
  assert.equal(line?.paid_minor, 500);
  assert.equal(wire.told.length, 4);
});

test('what can not be read is counted and does not stop what comes with it', async (t) => {
  const { book, get, wire } = await started(t);
  const wrong = [{}, null, 7, order('x', { amount_minor: -5 }), order('y', { amount_minor: 0.5 })];
  const tooMuch = order('z', {
    cash_payment_facts: [{ fact: 'f', reference: 'pay_1', amount_minor: 501 }],
  });
  await wire.ask(...wrong, tooMuch, order('a'));
  assert.deepEqual(
    (await book()).map(({ erp_id }) => erp_id),
    ['a'],
  );
  const { misread } = (await get('/book?summary=1')) as { misread: number };
  assert.equal(misread, 6);
});

const fates = [
  { name: 'rejects-import', state: 'rejected', words: ['oebs REJECTED'], paid: 0, returned: 0 },
  {
    ...{ name: 'rejects-later', state: 'rejected', paid: 0, returned: 0 },
    words: ['ard CONFIRMED', 'oebs INSTRUCTION_CREATED', 'oebs FAILED_VALIDATION'],
  },
  {
    ...{ name: 'returns', state: 'returned', paid: 500, returned: 500 },
    words: [
      ...[
        'ard CONFIRMED',
        'oebs INSTRUCTION_CREATED',
        'oebs TRANSMITTED',
        'oebs PAID',
        'oebs VOID',
      ],
    ],
  },
  {
    ...{ name: 'contradicts', state: 'paid', paid: 500, returned: 0 },
    words: [
      ...['ard CONFIRMED', 'oebs INSTRUCTION_CREATED', 'oebs TRANSMITTED', 'oebs PAID'],
      'oebs REJECTED',
    ],
  },
] as const;

for (const { name, paid, returned, state, words } of fates) {
  test(`${name}: the book says what was done, whatever was told`, async (t) => {
    const { book, send, wire } = await started(t);
    await send('POST', '/scenarios', { name, client_id: 'demo' });
    await wire.ask(order('a'), order('b', { client_id: 'another' }));
    await wire.until(
      () => wire.wordsOf('a').length === words.length && wire.wordsOf('b').includes('oebs PAID'),
    );
    assert.deepEqual(wire.wordsOf('a'), words);
    const [line] = await book();
    assert.deepEqual(
      [line?.state, line?.paid_minor, line?.returned_minor],
      [state, paid, returned],
    );
  });
}

test('duplicates keep their event id, and a lost status stands in the book only', async (t) => {
  const { book, send, wire } = await started(t);
  await send('POST', '/scenarios', { name: 'duplicates' });
  await send('POST', '/scenarios', { name: 'loses', client_id: 'loser' });
  await wire.ask(order('a'), order('b', { client_id: 'loser' }));
  await wire.until(() => wire.wordsOf('a').filter((word) => word === 'oebs PAID').length > 1);
  const ofPaid = wire.told.filter((one) => one.erp_id === 'a' && one.status === 'PAID');
  assert.equal(new Set(ofPaid.map(({ event_id }) => event_id)).size, 1);
  await wire.until(() => wire.wordsOf('b').includes('oebs TRANSMITTED'));
  assert.ok(!wire.wordsOf('b').includes('oebs PAID'));
  assert.deepEqual(
    (await book()).map(({ last_status, state }) => [state, last_status]),
    [
      ['paid', 'PAID'],
      ['paid', 'PAID'],
    ],
  );
});

test('reordered statuses are all there, in an order that comes from the seed alone', async (t) => {
  const orders: string[][] = [];
  for (let run = 0; run < 2; run += 1) {
    const { send, wire } = await started(t, { seed: 7 });
    await send('POST', '/scenarios', { name: 'reorders' });
    const ids = Array.from({ length: 12 }, (_, n) => `p${n}`);
    await wire.ask(...ids.map((id) => order(id)));
    await wire.until((told) => told.length === 4 * ids.length);
    // The feeds are apart: an order there is within each only.
    const ofOebs = (id: string) => wire.wordsOf(id).filter((word) => word.startsWith('oebs'));
    orders.push(ids.flatMap(ofOebs));
    assert.ok(ids.some((id) => ofOebs(id).at(-1) !== 'oebs PAID'));
    for (const id of ids) assert.equal(new Set(wire.wordsOf(id)).size, 4);
  }
  assert.deepEqual(orders[0], orders[1]);
});

test('while it is away it takes and says nothing, and afterwards goes on', async (t) => {
  const { book, send, wire } = await started(t);
  await send('PUT', '/settings', { away: true });
  await assert.rejects(wire.ask(order('a')), /away/);
  assert.deepEqual(await book(), []);
  await send('PUT', '/settings', { away: false });
  await wire.ask(order('a'));
  await wire.until(() => wire.wordsOf('a').includes('oebs PAID'));
});

test('what could not be told is told again, in its order', async (t) => {
  const { wire } = await started(t);
  wire.failures = 2;
  await wire.ask(order('a'));
  await wire.until(() => wire.wordsOf('a').length === 4);
  const ofOebs = wire.wordsOf('a').filter((word) => word.startsWith('oebs'));
  assert.deepEqual(ofOebs, ['oebs INSTRUCTION_CREATED', 'oebs TRANSMITTED', 'oebs PAID']);
});

test('a payout is returned by hand once, and only after it was paid', async (t) => {
  const { book, send, wire } = await started(t);
  await send('POST', '/scenarios', { name: 'silent', times: 1 });
  await wire.ask(order('a'));
  assert.equal((await send('POST', '/payouts/a/act', { act: 'return' })).status, 409);
  assert.equal((await send('POST', '/payouts/a/act', { act: 'pay' })).status, 200);
  await wire.until(() => wire.wordsOf('a').includes('oebs PAID'));
  await send('POST', '/payouts/a/act', { act: 'return', reason: 'AC04' });
  await wire.until(() => wire.wordsOf('a').includes('oebs VOID'));
  assert.equal((await send('POST', '/payouts/a/act', { act: 'return' })).status, 409);
  assert.equal((await send('POST', '/payouts/none/act', { act: 'pay' })).status, 404);
  const [line] = await book();
  assert.deepEqual([line?.paid_minor, line?.returned_minor], [500, 500]);
});

test('a start goes on with what the last one left', async (t) => {
  const folder = temporaryFolder();
  const first = await started(t, { folder, settings: { stepMs: { min: 600_000, max: 600_000 } } });
  await first.wire.ask(order('a'));
  await first.simulator.close();
  const second = await started(t, { folder });
  const [line] = await second.book();
  assert.deepEqual([line?.erp_id, line?.state], ['a', 'received']);
  await second.send('POST', '/payouts/a/act', { act: 'pay' });
  await second.wire.until(() => second.wire.wordsOf('a').includes('oebs PAID'));
});

test('the page shows the book live, and nothing of it is markup', async (t) => {
  const { get, simulator, wire } = await started(t);
  await wire.ask(order('a', { client_id: '<b>x</b>' }));
  const page = await (await fetch(simulator.url)).text();
  assert.match(page, /&lt;b&gt;x&lt;\/b&gt;/);
  const live = (await get('/live?revision=0')) as { revision: string; parts?: { book: string } };
  assert.match(live.parts?.book ?? '', /5\.00 PKR/);
  await wire.until(() => wire.wordsOf('a').includes('oebs PAID'));
});

test('a reset forgets everything, also while it is away with something in hand', async (t) => {
  const { book, get, send, wire } = await started(t);
  wire.failures = 1000;
  await wire.ask(order('a'));
  await eventually(() => assert.ok(wire.failures < 1000, 'it tries to tell'));
  await send('PUT', '/settings', { away: true });
  wire.failures = 0;
  await send('POST', '/reset');
  assert.deepEqual(await book(), []);
  assert.equal(((await get('/settings')) as { away: boolean }).away, false);
  await wire.ask(order('a'));
  await wire.until(() => wire.wordsOf('a').includes('oebs PAID'));
});

const wrong = [
  ['POST', '/scenarios', { name: 'nonsense' }, 400],
  ['POST', '/scenarios', { name: 'pays', times: 0 }, 400],
  ['POST', '/scenarios', { name: 'pays', probability: 2 }, 400],
  ['PUT', '/settings', { away: 'perhaps' }, 400],
  ['PUT', '/settings', { nonsense: 1 }, 400],
  ['PUT', '/book', {}, 405],
  ['POST', '/nowhere', {}, 404],
] as const;

test('wrong controls are refused, and say which field', async (t) => {
  const { send } = await started(t);
  for (const [method, path, body, status] of wrong)
    assert.equal((await send(method, path, body)).status, status, path);
  const { body } = await send('PUT', '/settings', { away: 'perhaps' });
  assert.equal(body.field, 'away');
});

async function started(
  t: { after(work: () => unknown): void },
  options: Parameters<typeof startFixture>[0] = {},
) {
  const fixture = await startFixture(options);
  t.after(() => fixture.simulator.close());
  const { simulator, wire } = fixture;
  return {
    ...{ simulator, wire },
    book: () => fixture.book(),
    get: (path: string) => fixture.get(path),
    send: (method: string, path: string, body?: unknown) => fixture.send(method, path, body),
  };
}
