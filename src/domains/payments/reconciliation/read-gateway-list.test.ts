import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#testing';
import { parseGatewayList, readGatewayList } from './read-gateway-list.ts';

const head = 'transaction,amount_minor,currency,at';
const AT = '2026-11-19T10:00:00+03:00';

test('a list is read with whatever parts its columns, with quotation marks, and amounts as people write them', () => {
  const lists = [
    `${head}\n17,19900,RUB,${AT}\n`,
    `\uFEFF${head.replaceAll(',', ';').toUpperCase()}\r\n17;19900;RUB;${AT}\r\n`,
    `transaction\tamount\tcurrency\tat\n17\t199.00\tRUB\t${AT}`,
    `transaction,note,amount,currency,at\n17,"one, ""two""",199,RUB,${AT}\n`,
  ];
  const expected = {
    ...{ kind: 'payment', state: 'accepted' },
    facts: {
      ...{ transaction: '17', amountMinor: 19_900n, currency: 'RUB', test: false },
      at: new Date('2026-11-19T07:00:00Z'),
    },
  };
  for (const list of lists) assert.deepEqual(parseGatewayList(list), [expected]);
});

test('a refund names what it gives back of; a fee and our own id are taken where they are told', () => {
  const list = `${head},kind,state,payment,of_transaction,fee_minor
17,100,RUB,${AT},,,pay_1x1,,5
18,50,RUB,${AT},Refund,Accepted,,17,
19,100,RUB,${AT},payment,declined,,,`;
  const [payment, refund, declined] = parseGatewayList(list);
  assert.deepEqual([payment?.facts.payment, payment?.facts.feeMinor], ['pay_1x1', 5n]);
  assert.deepEqual([refund?.kind, refund?.ofTransaction], ['refund', '17']);
  assert.equal(declined?.state, 'declined');
});

const malformed = [
  ['nothing at all', '', /no column transaction/],
  ['no column of amounts', `transaction,currency,at\n1,RUB,${AT}`, /amount_minor, or amount/],
  ['a line that is too short', `${head}\n1,100\n`, /Invalid Record Length/],
  ['an amount with a sign', `${head}\n1,-5,RUB,${AT}`, /line 2: amount_minor/],
  ['an amount with too many digits', `transaction,amount,currency,at\n1,1.234,RUB,${AT}`, /line 2/],
  ['a currency that is none', `${head}\n1,5,RUB,${AT}\n2,5,rub,${AT}`, /line 3: currency/],
  ['a moment without its offset', `${head}\n1,5,RUB,2026-11-19T10:00:00`, /line 2: at/],
  ['a day', `${head}\n1,5,RUB,2026-11-19`, /line 2: at/],
  ['no id', `${head}\n,5,RUB,${AT}`, /transaction is empty/],
  ['a kind that is none', `${head},kind\n1,5,RUB,${AT},gift`, /kind must be one of/],
  ['a state that is none', `${head},state\n1,5,RUB,${AT},done`, /state must be one of/],
  ['a fee that is none', `${head},fee_minor\n1,5,RUB,${AT},1.5`, /fee_minor/],
] as const;

for (const [what, text, message] of malformed) {
  test(`${what} is refused`, () => {
    assert.throws(() => parseGatewayList(text), { code: 'list_malformed', message });
  });
}

test('a file is read; one that is not there is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(readGatewayList(join(folder, 'none.csv')), { code: 'list_malformed' });
  await writeFile(join(folder, 'one.csv'), `${head}\n17,19900,RUB,${AT}\n`);
  assert.equal((await readGatewayList(join(folder, 'one.csv'))).length, 1);
});
