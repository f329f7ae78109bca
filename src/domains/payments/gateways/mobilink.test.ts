import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { startOperatorSimulator } from '#simulators/operator';
import { eventually, temporaryFolder } from '#testing';
import { localTime } from './mobilink/index.ts';
import { decodeAnswer, encodeCall } from './mobilink/xml-rpc.ts';
import {
  newOrder,
  newRefundOrder,
  openGateway,
  openOperators,
  scriptedOperator,
} from './mobilink-stage.ts';

const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'member' });

/** A call as a stranger to our codec reads it: method, and members with the names of their types. */
function readCall(xml: string) {
  assert.equal(XMLValidator.validate(xml), true, xml);
  const { methodCall } = parser.parse(xml) as {
    methodCall: {
      methodName: string;
      params: {
        param: { value: { struct: { member: { name: string; value: Record<string, string> }[] } } };
      };
    };
  };
  const members = methodCall.params.param.value.struct.member.map(({ name, value }) => {
    const [[type, text] = ['', '']] = Object.entries(value);
    return [name, `${type} ${text}`] as const;
  });
  return { method: methodCall.methodName, members: Object.fromEntries(members) };
}

function answer(members: Readonly<Record<string, string | number>>): string {
  const struct = Object.entries(members).map(
    ([name, value]) =>
      `<member><name>${name}</name><value>${
        typeof value === 'number' ? `<i4>${value}</i4>` : `<string>${value}</string>`
      }</value></member>`,
  );
  return (
    '<?xml version="1.0"?><methodResponse><params><param><value><struct>' +
    `${struct.join('')}</struct></value></param></params></methodResponse>`
  );
}

const OK = answer({ responseCode: 0 });
const isBalance = (body: string) => body.includes('GetBalanceAndDate');
const charge = ({ gateway }: Awaited<ReturnType<typeof openGateway>>, order = newOrder()) =>
  gateway.charge(order, performance.now());

test('a charge on the wire: balance, then debit, in the operator’s spelling and local time', async () => {
  const operator = await scriptedOperator(() => OK);
  const opened = await openGateway({ baseUrl: operator.url });
  const order = newOrder({ msisdn: '+923009102250', reference: 'sub_1x1/3' });
  const { result } = await charge(opened, order);
  assert.deepEqual(result, { outcome: 'accepted' });
  const origin = {
    originNodeType: 'string EXT',
    originHostName: 'string kopek',
    originTransactionID: `string ${order.id}`,
    originTimeStamp: 'dateTime.iso8601 20261120T20:20:00+0500',
    subscriberNumberNAI: 'i4 1',
    subscriberNumber: 'string 923009102250',
  };
  assert.deepEqual(operator.asked.map(readCall), [
    { method: 'GetBalanceAndDate', members: origin },
    {
      method: 'UpdateBalanceAndDate',
      members: {
        ...origin,
        transactionCurrency: 'string PKR',
        adjustmentAmountRelative: 'string -500',
        transactionType: 'string subscription',
        transactionCode: 'string charge',
        externalData1: 'string sub_1x1/3',
      },
    },
  ]);
});

test('a refund on the wire: one credit, without a sign, that names its charge', async () => {
  const operator = await scriptedOperator(() => OK);
  const { connection, gateway } = await openGateway({ baseUrl: operator.url });
  const order = newRefundOrder({ msisdn: '+923009102250', refundOf: 'pay_1x7' });
  const { log, result } = await gateway.refund(order, performance.now());
  assert.deepEqual(result, { outcome: 'accepted' });
  assert.deepEqual(operator.asked.map(readCall), [
    {
      method: 'UpdateBalanceAndDate',
      members: {
        originNodeType: 'string EXT',
        originHostName: 'string kopek',
        originTransactionID: `string ${order.id}`,
        originTimeStamp: 'dateTime.iso8601 20261120T20:20:00+0500',
        subscriberNumberNAI: 'i4 1',
        subscriberNumber: 'string 923009102250',
        transactionCurrency: 'string PKR',
        adjustmentAmountRelative: 'string 300',
        transactionType: 'string subscription',
        transactionCode: 'string refund',
        externalData1: 'string pay_1x7',
      },
    },
  ]);
  assert.equal(connection.sent, 1);
  assert.match(log[0]?.request ?? '', /externalData1=pay_1x7/);
});

test('garbage to a refund is unknown, never declined', async () => {
  for (const [what, said] of garbage) {
    const operator = await scriptedOperator(() => said);
    const { gateway } = await openGateway({ baseUrl: operator.url });
    const { result } = await gateway.refund(newRefundOrder(), performance.now());
    assert.equal(result.outcome, 'unknown', what);
  }
});

test('the number is spelled as the operator wants it, from the next call on', async () => {
  const operator = await scriptedOperator(() => OK);
  const opened = await openGateway({ baseUrl: operator.url });
  const spelled = [];
  for (const msisdnFormat of ['international', 'plus', 'national'] as const) {
    await opened.change({ msisdnFormat });
    await charge(opened, newOrder({ msisdn: '+923009102250' }));
    spelled.push(readCall(operator.asked.at(-1) ?? '').members.subscriberNumber);
  }
  assert.deepEqual(spelled, ['string 923009102250', 'string +923009102250', 'string 03009102250']);
});

test('local time carries the offset of the moment, whatever the zone', () => {
  const written = [
    ['2026-11-20T15:20:00Z', 'Asia/Karachi', '20261120T20:20:00+0500'],
    ['2026-11-20T15:20:00.999Z', 'UTC', '20261120T15:20:00+0000'],
    ['2026-11-20T20:20:00Z', 'Asia/Kolkata', '20261121T01:50:00+0530'],
    ['2026-12-31T23:59:59Z', 'Asia/Kathmandu', '20270101T05:44:59+0545'],
    ['2026-07-01T12:00:00Z', 'America/New_York', '20260701T08:00:00-0400'],
    ['2026-12-01T12:00:00Z', 'America/St_Johns', '20261201T08:30:00-0330'],
    ['2026-10-25T00:59:59Z', 'Europe/Berlin', '20261025T02:59:59+0200'],
    ['2026-10-25T01:00:00Z', 'Europe/Berlin', '20261025T02:00:00+0100'],
  ] as const;
  for (const [instant, zone, text] of written)
    assert.equal(localTime(new Date(instant), zone), text, `${instant} in ${zone}`);
});

test('whatever stands in a member, the call is well formed and says it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'<>&"\'[]!-/ \u0000\u0008\u001f\uffff;#x') }),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const xml = encodeCall('UpdateBalanceAndDate', { externalData1: text, amount: 5 });
      assert.equal(XMLValidator.validate(xml), true);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has no way to write them
      assert.doesNotMatch(xml, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
      assert.equal(xml.match(/<member>/g)?.length, 2);
      const echo = xml.replaceAll('methodCall', 'methodResponse');
      const decoded = decodeAnswer(echo);
      assert.ok(decoded && 'members' in decoded);
      assert.equal(decoded.members.get('amount'), '5');
    }),
    { numRuns: 500 },
  );
  const read = decodeAnswer(
    answer({ a: '&lt;b&gt; &amp;amp; &quot;c&quot; &apos;', responseCode: 0 }),
  );
  assert.equal(read && 'members' in read && read.members.get('a'), '<b> &amp; "c" \'');
});

test('an answer that was torn anywhere is no answer, and none makes the reader stumble', () => {
  const whole = answer({ responseCode: 0, accountValue1: '9500' });
  for (let length = 0; length < whole.length; length += 1)
    assert.equal(decodeAnswer(whole.slice(0, length)), undefined);
  fc.assert(
    fc.property(fc.string(), (text) => {
      decodeAnswer(text);
      decodeAnswer(`<methodResponse>${text}</methodResponse>`);
    }),
  );
});

const garbage: readonly (readonly [string, string | number])[] = [
  ['an empty body', ''],
  ['a page of a proxy', '<html><body>200 OK, code 0</body></html>'],
  ['JSON', '{"responseCode":0}'],
  ['a torn answer', OK.slice(0, -4)],
  ['an answer without a code', answer({ accountValue1: '100' })],
  ['a code that is no number', answer({ responseCode: 'paid' })],
  ['an empty code', answer({ responseCode: '' })],
  ['the answer to another charge', answer({ originTransactionID: '42', responseCode: 0 })],
  ['HTTP 500', 500],
  ['HTTP 404', 404],
  ['HTTP 302', 302],
  ['an answer without end', `${OK.slice(0, -40)}${' '.repeat(3_000_000)}${OK.slice(-40)}`],
];

for (const [what, said] of garbage) {
  test(`${what} to a debit is unknown, and to the balance it is not sent`, async () => {
    const operator = await scriptedOperator((body) => (isBalance(body) ? OK : said));
    const opened = await openGateway({ baseUrl: operator.url });
    assert.equal((await charge(opened)).result.outcome, 'unknown');
    const early = await scriptedOperator(() => said);
    await opened.change({ baseUrl: early.url });
    assert.equal((await charge(opened)).result.outcome, 'not_sent');
    assert.equal(
      early.asked.filter((body) => !isBalance(body)).length,
      0,
      'no debit was asked for',
    );
    await opened.change({ inquiry: 'byOurId' });
    const asked = (await opened.gateway.inquire(newOrder())).result.outcome;
    assert.ok(asked === 'unknown' || asked === 'not_sent', `an inquiry answered so says ${asked}`);
  });
}

test('each of the operator’s codes means one thing, and one that nobody knows is no success', async () => {
  let code = 0;
  const operator = await scriptedOperator((body) =>
    isBalance(body) ? OK : answer({ responseCode: code }),
  );
  const opened = await openGateway({ baseUrl: operator.url });
  const meanings = [
    ...([
      [11, 'postpaid_not_allowed'],
      [27, 'postpaid_not_allowed'],
      [70, 'postpaid_not_allowed'],
    ] as const),
    ...([
      [100, 'operator_error'],
      [102, 'unknown_subscriber'],
      [104, 'barred_or_suspended'],
    ] as const),
    ...([
      [112, 'insufficient_funds'],
      [123, 'limit_exceeded'],
      [124, 'insufficient_funds'],
    ] as const),
    ...([
      [126, 'not_eligible'],
      [999, 'operator_error'],
      [10, 'operator_error'],
    ] as const),
  ];
  for (const [said, reason] of meanings) {
    code = said;
    assert.deepEqual((await charge(opened)).result, { outcome: 'declined', reason }, String(said));
  }
});

test('a balance in another currency is not charged', async () => {
  const operator = await scriptedOperator(() => answer({ responseCode: 0, currency1: 'USD' }));
  const opened = await openGateway({ baseUrl: operator.url });
  assert.deepEqual((await charge(opened)).result, {
    outcome: 'declined',
    reason: 'invalid_request',
  });
  assert.equal(operator.asked.length, 1);
});

test('a fault says that nothing was done', async () => {
  const fault = answer({ faultCode: 1001, faultString: 'missing' }).replace(
    '<params>',
    '<fault/><params>',
  );
  const operator = await scriptedOperator((body) =>
    isBalance(body)
      ? OK
      : fault
          .replace('<fault/>', '<fault>')
          .replace('</methodResponse>', '</fault></methodResponse>'),
  );
  const opened = await openGateway({ baseUrl: operator.url });
  assert.deepEqual((await charge(opened)).result, {
    outcome: 'declined',
    reason: 'invalid_request',
  });
});

test('who has paid and was blocked since is told as paid when the debit is repeated', async () => {
  const options = {
    port: 0,
    folder: await temporaryFolder(),
    moUrl: '',
    inquiry: 'repeatIsSafe',
  } as const;
  const simulator = await startOperatorSimulator(options);
  after(() => simulator.close());
  const opened = await openGateway({ baseUrl: simulator.url, inquiry: 'repeatIsSafe' });
  const order = newOrder();
  assert.equal((await charge(opened, order)).result.outcome, 'accepted');
  await fetch(`${simulator.url}/customers/${order.msisdn.slice(1)}`, {
    ...{ method: 'PUT', body: '{"blocked":true}' },
    headers: { 'content-type': 'application/json' },
  });
  assert.deepEqual((await opened.gateway.inquire(order)).result, { outcome: 'accepted' });
});

test('both calls of a charge count against the rate', async () => {
  const operator = await scriptedOperator(() => OK);
  const opened = await openGateway({ baseUrl: operator.url, requestsPerSecond: 10 });
  const beganMs = performance.now();
  for (let made = 0; made < 4; made += 1) {
    await opened.gateway.take(1, AbortSignal.timeout(5000));
    await charge(opened);
  }
  // Eight calls at ten a second, a slice of which may have begun before.
  assert.ok(performance.now() - beganMs > 500);
  assert.equal(operator.asked.length, 8);
  assert.equal(opened.connection.sent, 8);
});

test('after ten failures in a row nothing is sent, and one answer opens the way again', async () => {
  let broken = true;
  const operator = await scriptedOperator(() => (broken ? 500 : OK));
  const opened = await openGateway({ baseUrl: operator.url });
  for (let calls = 0; calls < 10; calls += 1) {
    assert.ok(opened.gateway.admits());
    await charge(opened);
  }
  assert.ok(!opened.gateway.admits());
  assert.deepEqual((await charge(opened)).result, { outcome: 'not_sent', reason: 'breaker_open' });
  assert.equal(operator.asked.length, 10);
  broken = false;
  await eventually(() => assert.ok(opened.gateway.admits()));
  assert.deepEqual((await charge(opened)).result, { outcome: 'accepted' });
  assert.deepEqual((await charge(opened)).result, { outcome: 'accepted' });
});

test('a breaker that one process opened holds for all of them', async () => {
  const operator = await scriptedOperator(() => 500);
  const opened = await openGateway({ baseUrl: operator.url });
  const others = await openOperators();
  assert.ok(others.connection(opened.name).admits());
  for (let calls = 0; calls < 10; calls += 1) await charge(opened);
  await eventually(() => assert.ok(!others.connection(opened.name).admits()));
});
