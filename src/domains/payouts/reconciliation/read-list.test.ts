import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#testing';
import { fetchList, parseList, readListFile } from './read-list.ts';
import { theirPayouts } from './their-payout.ts';

const short = (text: string) =>
  [...theirPayouts(parseList(text)).values()].map(
    ({ amountMinor, currency, erpId, paidMinor, paidTimes, state }) =>
      `${erpId} ${amountMinor} ${currency} ${state} ${paidMinor}/${paidTimes}`,
  );

const head = 'erp_id,amount_minor,currency,state';

test('a list is read with whatever parts its columns, and with quotation marks', () => {
  const lists = [
    `${head}\na,500,EUR,paid\n`,
    `\uFEFF${head.replaceAll(',', ';')}\r\na;500;EUR;PAID\r\n`,
    `${head.replaceAll(',', '\t')}\na\t500\tEUR\tCleared`,
    `erp_id,reason,amount_minor,currency,state\na,"one, ""two""\nthree",500,EUR,paid\n`,
  ];
  for (const list of lists) assert.deepEqual(short(list), ['a 500 EUR paid 500/1']);
});

test('amounts may be written as the currency is', () => {
  const list = 'erp_id,amount,currency,status\na,5.00,EUR,PAID\nb,500,JPY,RJCT\nc,0.005,KWD,ACSP\n';
  assert.deepEqual(short(list), [
    'a 500 EUR paid 500/1',
    'b 500 JPY rejected 0/0',
    'c 5 KWD open 0/0',
  ]);
});

test('two lines that say paid are two payments; one that says it came back is the same', () => {
  assert.deepEqual(short(`${head}\na,500,EUR,paid\na,500,EUR,paid\n`), ['a 500 EUR paid 1000/2']);
  assert.deepEqual(short(`${head}\na,500,EUR,returned\na,500,EUR,paid\n`), [
    'a 500 EUR returned 500/1',
  ]);
  assert.deepEqual(short(`${head}\na,500,EUR,accepted\na,500,EUR,paid\n`), [
    'a 500 EUR paid 500/1',
  ]);
});

const malformed = [
  ['no column erp_id', 'id,amount_minor,currency,state\na,1,EUR,paid\n', /no column erp_id/],
  ['a line that is too short', `${head}\na,500,EUR\n`, /Invalid Record Length.*line 2/],
  ['an amount with a sign', `${head}\na,-5,EUR,paid\n`, /Line 2 of the list: amount_minor/],
  ['an amount with a fraction', `${head}\na,5.5,EUR,paid\n`, /amount_minor/],
  ['a currency that is none', `${head}\nb,5,EUR,paid\na,5,eur,paid\n`, /Line 3 of the list: curr/],
  ['no state', `${head}\na,5,EUR,\n`, /state, or status, is empty/],
  ['no id', `${head}\n,5,EUR,paid\n`, /erp_id is empty/],
  ['a quotation mark inside', `${head}\na"b"c,5,EUR,"paid" x\n`, /Quote/],
  ['nothing at all', '', /no column erp_id/],
] as const;

for (const [what, text, message] of malformed) {
  test(`${what} is refused`, () => {
    assert.throws(() => short(text), { code: 'list_malformed', message });
  });
}

test('a file that is not there is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(readListFile(join(folder, 'none.csv')), { code: 'list_malformed' });
  await writeFile(join(folder, 'one.csv'), `${head}\na,500,EUR,paid\n`);
  assert.equal((await readListFile(join(folder, 'one.csv'))).length, 1);
});

test('the ERP is asked page by page, and what is no list is refused', async (t) => {
  const server = createServer((request, response) => {
    const since = new URL(request.url ?? '', 'http://x').searchParams.get('since');
    if (request.url?.startsWith('/away')) response.writeHead(503);
    const line = { erp_id: since ?? 'first', amount_minor: 5, currency: 'EUR', state: 'paid' };
    const body = request.url?.startsWith('/strange')
      ? { nothing: 1 }
      : { payouts: [line], next_since: since === null ? 7 : null };
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const lines = await fetchList(`${url}/book`);
  assert.deepEqual(
    lines.map(({ erp_id }) => erp_id),
    ['first', '7'],
  );
  await assert.rejects(fetchList(`${url}/strange`), { code: 'list_malformed' });
  await assert.rejects(fetchList(`${url}/away`), { code: 'list_unavailable' });
});
