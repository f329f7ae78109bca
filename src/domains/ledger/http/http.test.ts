import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createApiKey, createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { sql } from '#database';
import { createHttpServer } from '#http';
import { uuidV7 } from '#ids';
import { testLedger } from '#ledger/stage';
import { silentLog } from '#log';
import { testDatabase } from '#testing';
import { registerLedgerRoutes } from './http.ts';

const database = await testDatabase();
const clock = createFakeClock(new Date('2026-03-01T10:00:00Z'));
const ledger = await testLedger(database, clock);
const keyring = createKeyring({ database });
const server = await createHttpServer({ log: silentLog(), api: { keyring, database, clock } });
registerLedgerRoutes(server.app, { ledger, database });
after(() => server.close());
const make = (scopes: string[]) =>
  createApiKey(database, { name: 'test', scopes, now: clock.now() }).then(({ text }) => text);
const [key, reader] = [await make(['ledger:read', 'ledger:write']), await make(['ledger:read'])];

interface Answer {
  readonly status: number;
  // Whatever the route answers: each test says what it expects of it.
  readonly body: Record<string, never>;
}

async function call(
  method: 'GET' | 'POST',
  url: string,
  body?: unknown,
  as = key,
): Promise<Answer> {
  const answer = await server.app.inject({
    ...{ method, url, headers: { authorization: `Bearer ${as}` } },
    ...(body === undefined ? {} : { payload: body as object }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

const get = (url: string) => call('GET', url);
const send = (url: string, body?: unknown) => call('POST', url, body);
let clients = 0;

/** A source and a purse of a client of their own, by their public ids. */
async function openPair(): Promise<[source: string, purse: string, clientId: string]> {
  clients += 1;
  const client_id = `client ${clients}`;
  const open = async (type: string): Promise<string> =>
    (await send('/v1/accounts', { type, client_id, currency: 'RUB' })).body.account ?? '';
  return [await open('source'), await open('purse'), client_id];
}

function transfer(from: string, to: string, amount: unknown, more: object = {}) {
  return {
    ...{ id: uuidV7(), kind: 'test', reference: 'a test' },
    lines: [
      { account: from, debit_minor: amount },
      { account: to, credit_minor: amount },
    ],
    ...more,
  };
}

const post = (...transfers: unknown[]) => send('/v1/transfers', { transfers });

/** A refusal: its status, its code, and the first field that it names. */
function refusalOf({ body, status }: Answer) {
  const { code, errors } = body as { code?: string; errors?: { field: string }[] };
  return [status, code, errors?.[0]?.field];
}

test('an account is opened once, and answered with its balances', async () => {
  const name = { type: 'purse', client_id: 'p', currency: 'RUB', label: 'x', metadata: { a: [1] } };
  const first = await send('/v1/accounts', name);
  assert.equal(first.status, 200);
  const { account, ...rest } = first.body as Record<string, unknown>;
  assert.match(String(account), /^acc_/);
  assert.deepEqual(rest, {
    ...{ ...name, normal_side: 'credit', balance_minor: 0, held_minor: 0, available_minor: 0 },
    ...{ entries: 0, opened_at: '2026-03-01T10:00:00.000Z' },
  });
  const again = await send('/v1/accounts', { ...name, metadata: { b: 2 } });
  assert.deepEqual(again.body, first.body);
  assert.deepEqual((await get(`/v1/accounts/${account}`)).body, first.body);
});

test('an account of no type, no currency, or odd names is refused by its field', async () => {
  const open = async (more: object) =>
    refusalOf(await send('/v1/accounts', { type: 'purse', currency: 'RUB', ...more }));
  assert.deepEqual(await open({ type: 'no' }), [400, 'account_type_unknown', 'type']);
  assert.deepEqual(await open({ currency: 'rub' }), [400, 'request_invalid', 'currency']);
  assert.deepEqual(await open({ client_id: 'a\u0000' }), [400, 'request_invalid', 'client_id']);
  assert.deepEqual(await open({ label: 'x'.repeat(101) }), [400, 'request_invalid', 'label']);
  assert.deepEqual(await open({ metadata: { a: '\u0000' } }), [
    ...[400, 'transfer_malformed', 'metadata'],
  ]);
  assert.deepEqual(await open({ colour: 'red' }), [400, 'request_invalid', 'colour']);
});

test('accounts are listed by client and type, in pages', async () => {
  const [, purse, clientId] = await openPair();
  const url = `/v1/accounts?client_id=${encodeURIComponent(clientId)}`;
  const all = (await get(url)).body as { items?: { account: string; type: string }[] };
  assert.deepEqual(all.items?.map(({ type }) => type).toSorted(), ['debt', 'purse', 'source']);
  const ofType = (await get(`${url}&type=purse`)).body as { items?: { account: string }[] };
  assert.deepEqual(
    ofType.items?.map(({ account }) => account),
    [purse],
  );
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: Answer = await get(`${url}&limit=1${cursor && `&cursor=${cursor}`}`);
    const body = page.body as { items?: { account: string }[]; next_cursor?: string | null };
    seen.push(...(body.items ?? []).map(({ account }) => account));
    cursor = body.next_cursor ?? null;
  }
  assert.deepEqual(
    seen,
    all.items?.map(({ account }) => account),
  );
  assert.deepEqual(refusalOf(await get('/v1/accounts?cursor=nonsense')), [
    ...[400, 'cursor_invalid', 'cursor'],
  ]);
});

test('transfers are posted whole, and answered as they stand in the journal; again they are the same', async () => {
  const [source, purse] = await openPair();
  const [, other] = await openPair();
  const set = [
    transfer(source, purse, 500, { metadata: { why: 'a test' } }),
    transfer(purse, other, 900, { up_to: true }),
  ];
  const posted = await post(...set);
  assert.equal(posted.status, 200);
  const [first, second] = (posted.body as { transfers?: unknown[] }).transfers ?? [];
  assert.deepEqual(first, { ...set[0], booked_at: '2026-03-01T10:00:00.000Z' });
  assert.deepEqual((second as { lines: unknown }).lines, [
    { account: purse, debit_minor: 500 },
    { account: other, credit_minor: 500 },
  ]);
  assert.deepEqual(await post(...set), posted);
  assert.deepEqual((await get(`/v1/transfers/${set[0]?.id}`)).body, first);
  const { balance_minor: left } = (await get(`/v1/accounts/${purse}`)).body;
  assert.equal(left, 0);
});

test('what would go below zero is refused with its account and transfer, and nothing of the set is posted', async () => {
  const [source, purse] = await openPair();
  const [fine, tooMuch] = [transfer(source, purse, 100), transfer(purse, source, 101)];
  const refused = await post(fine, tooMuch);
  assert.deepEqual(refusalOf(refused), [422, 'balance_too_low', 'transfers.1']);
  assert.deepEqual(refused.body.details, { transfer: tooMuch.id, account: purse });
  assert.deepEqual(refusalOf(await get(`/v1/transfers/${fine.id}`)), [
    ...[404, 'transfer_unknown', undefined],
  ]);
});

test('an id that stands for another transfer is a conflict', async () => {
  const [source, purse] = await openPair();
  const first = transfer(source, purse, 100);
  await post(first);
  const other = { ...transfer(source, purse, 101), id: first.id };
  assert.deepEqual(refusalOf(await post(other)), [409, 'transfer_conflict', 'transfers.0.id']);
  const { balance_minor: balance } = (await get(`/v1/accounts/${purse}`)).body;
  assert.equal(balance, 100);
});

test('a transfer is reversed once, by its own route or by another transfer', async () => {
  const [source, purse] = await openPair();
  const first = transfer(source, purse, 100);
  await post(first);
  const url = `/v1/transfers/${first.id}/reverse`;
  const id = uuidV7();
  const back = await send(url, { id });
  assert.equal(back.body.reverses, first.id);
  assert.deepEqual(await send(url, { id }), back);
  assert.equal((await get(`/v1/transfers/${first.id}`)).body.reversed_by, id);
  assert.deepEqual(refusalOf(await send(url, { id: uuidV7() })), [
    ...[409, 'transfer_reversed', 'reverses'],
  ]);
  const by = transfer(purse, source, 100, { reverses: first.id });
  assert.deepEqual(refusalOf(await post(transfer(source, purse, 100), by)), [
    ...[409, 'transfer_reversed', 'transfers.1.reverses'],
  ]);
  const none = transfer(source, purse, 1, { reverses: uuidV7() });
  assert.deepEqual(refusalOf(await post(none)), [
    ...[404, 'transfer_unknown', 'transfers.0.reverses'],
  ]);
  assert.equal((await send(`/v1/transfers/${uuidV7()}/reverse`, { id: uuidV7() })).status, 404);
});

test('amounts that are none are refused by their field', async () => {
  const [source, purse] = await openPair();
  for (const amount of [0, -1, 1.5, 1e16, '5', null, true]) {
    const refused = await post(transfer(source, purse, 1), transfer(source, purse, amount));
    const field = 'transfers.1.lines.0.debit_minor';
    assert.deepEqual(refusalOf(refused), [400, 'request_invalid', field], String(amount));
  }
});

test('lines, accounts and currencies that do not fit are refused by their field', async () => {
  const [source, purse] = await openPair();
  const dollars = await send('/v1/accounts', { type: 'purse', client_id: 'd', currency: 'USD' });
  const refuse = async (lines: unknown[], more: object = {}) =>
    refusalOf(await post({ ...transfer(source, purse, 1), lines, ...more }));
  const line = { account: source, debit_minor: 5 };
  const to = (more: object) => [line, { account: purse, ...more }];
  const at = (field: string) => [400, 'transfer_malformed', `transfers.0.${field}`];
  assert.deepEqual(await refuse(to({ credit_minor: 5, debit_minor: 5 })), at('lines.1'));
  assert.deepEqual(await refuse(to({})), at('lines.1'));
  assert.deepEqual(await refuse(to({ credit_minor: 6 })), [
    ...[400, 'transfer_unbalanced', 'transfers.0.lines'],
  ]);
  const otherCurrency = await post(transfer(source, dollars.body.account ?? '', 5));
  assert.deepEqual(refusalOf(otherCurrency), [400, 'transfer_unbalanced', 'transfers.0.lines']);
  assert.match(otherCurrency.body.detail ?? '', /RUB differ by 5/);
  const unknown = await refuse([line, { account: 'acc_vvvvv', credit_minor: 5 }]);
  assert.deepEqual(unknown, [404, 'account_unknown', 'transfers.0.lines.1.account']);
  const odd = await refuse([line, { account: 'purse', credit_minor: 5 }]);
  assert.deepEqual(odd, at('lines.1.account'));
  assert.deepEqual(await refuse([line]), [400, 'request_invalid', 'transfers.0.lines']);
  assert.deepEqual(await refuse([], { id: 'X' }), [400, 'request_invalid', 'transfers.0.id']);
  const metadata = { a: 'x'.repeat(4000) };
  assert.deepEqual(await refuse(to({ credit_minor: 5 }), { metadata }), at('metadata'));
  assert.deepEqual(refusalOf(await post()), [400, 'request_invalid', 'transfers']);
});

test('three hundred callers share commits, and each hears of its own', async () => {
  const [source, purse] = await openPair();
  const before = await countStatements();
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      post(n % 3 === 0 ? transfer(purse, source, 1_000_000) : transfer(source, purse, 1)),
    ),
  );
  const statuses = answers.map(({ status }, n) => [n % 3 === 0, status]);
  assert.ok(statuses.every(([refused, status]) => status === (refused ? 422 : 200)));
  assert.equal((await get(`/v1/accounts/${purse}`)).body.balance_minor, 200);
  const statements = (await countStatements()) - before;
  assert.ok(statements <= 100, `${statements} statements posted them`);
});

/** Each statement that posts leaves one set to be sealed. */
async function countStatements(): Promise<number> {
  const { rows } = await sql<{ sets: bigint }>`
    select count(*) as sets from ledger.unsealed`.execute(database.pool);
  return Number(rows[0]?.sets);
}

test('the balance at a past instant, and the entries in pages', async () => {
  const [source, purse] = await openPair();
  await post(transfer(source, purse, 100));
  const past = clock.now().toISOString();
  clock.advanceMs(60_000);
  await post(transfer(source, purse, 20), transfer(purse, source, 5));
  const then = (await get(`/v1/accounts/${source}?at=${past}`)).body;
  assert.deepEqual([then.balance_at_minor, then.balance_minor], [100, 115]);
  const future = new Date(clock.nowMs() + 1000).toISOString();
  assert.deepEqual(refusalOf(await get(`/v1/accounts/${source}?at=${future}`)), [
    ...[400, 'instant_in_future', 'at'],
  ]);
  const url = `/v1/accounts/${purse}/entries?limit=2`;
  const page = (await get(url)).body as { items?: Record<string, unknown>[]; next_cursor?: string };
  const shown = page.items?.map(({ balance_minor, credit_minor, debit_minor, number }) => [
    ...[number, debit_minor, credit_minor, balance_minor],
  ]);
  assert.deepEqual(shown, [
    [3, 5, undefined, 115],
    [2, undefined, 20, 120],
  ]);
  const rest = (await get(`${url}&cursor=${page.next_cursor}`)).body as { items?: unknown[] };
  assert.equal(rest.items?.length, 1);
  for (const path of ['', '/entries']) {
    const unknown = await get(`/v1/accounts/acc_vvvvv${path}`);
    assert.deepEqual(refusalOf(unknown), [404, 'account_unknown', undefined]);
    assert.equal((await get(`/v1/accounts/nonsense${path}`)).status, 400);
  }
});

test('money is set aside, posted in part, given back, and each of it once', async () => {
  const [source, purse] = await openPair();
  await post(transfer(source, purse, 500));
  const expires_at = new Date(clock.nowMs() + 60_000).toISOString();
  const hold = (amount_minor: number) => ({
    ...{ id: uuidV7(), kind: 'test', reference: 'a hold', expires_at },
    parts: [{ account: purse, amount_minor }],
  });
  const [first, second] = [hold(300), hold(200)];
  const asked = await send('/v1/holds', first);
  assert.deepEqual([asked.status, asked.body.state], [200, 'open']);
  assert.deepEqual(await send('/v1/holds', first), asked);
  await send('/v1/holds', second);
  const view = (await get(`/v1/accounts/${purse}`)).body;
  assert.deepEqual([view.balance_minor, view.held_minor, view.available_minor], [500, 500, 0]);
  assert.deepEqual(refusalOf(await send('/v1/holds', hold(1))), [422, 'balance_too_low', 'parts']);
  const other = { ...first, parts: [{ account: purse, amount_minor: 1 }] };
  assert.deepEqual(refusalOf(await send('/v1/holds', other)), [409, 'hold_conflict', 'id']);

  const settled = await send(`/v1/holds/${first.id}/settle`, transfer(purse, source, 120));
  assert.deepEqual([settled.status, settled.body.state], [200, 'posted']);
  const twice = await send(`/v1/holds/${first.id}/settle`, transfer(purse, source, 120));
  assert.deepEqual(refusalOf(twice), [409, 'hold_ended', undefined]);
  const tooMuch = await send(`/v1/holds/${second.id}/settle`, transfer(purse, source, 201));
  assert.deepEqual(refusalOf(tooMuch), [400, 'hold_exceeded', 'lines.0']);
  const given = await send(`/v1/holds/${second.id}/void`);
  assert.deepEqual([given.status, given.body.state], [200, 'voided']);
  assert.deepEqual(await send(`/v1/holds/${second.id}/void`), given);
  assert.deepEqual((await get(`/v1/holds/${second.id}`)).body, given.body);
  assert.equal((await get(`/v1/accounts/${purse}`)).body.available_minor, 380);
  assert.equal((await get(`/v1/holds/${uuidV7()}`)).status, 404);
  const late = { ...hold(1), expires_at: clock.now().toISOString() };
  assert.deepEqual(refusalOf(await send('/v1/holds', late)), [400, 'hold_malformed', 'expires_at']);
});

test('a key that may only read changes nothing', async () => {
  const [source, purse] = await openPair();
  for (const [url, body] of [
    ['/v1/accounts', { type: 'purse', currency: 'RUB' }],
    ['/v1/transfers', { transfers: [transfer(source, purse, 1)] }],
    ['/v1/holds', {}],
    [`/v1/holds/${uuidV7()}/void`, {}],
  ] as const)
    assert.equal((await call('POST', url, body, reader)).status, 403, url);
  assert.equal((await call('GET', `/v1/accounts/${purse}`, undefined, reader)).status, 200);
});
