import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCall } from './fixture.ts';
import { formatFault, formatResponse, parseCall } from './ucip.ts';

test('a call is read whatever its white space and its types', () => {
  const call =
    parseCall(`<methodCall> <methodName> GetBalanceAndDate </methodName><params><param><value><struct>
    <member><name>originTransactionID</name>
      <value> <string>42</string> </value></member>
    <member><name>subscriberNumberNAI</name><value><i4> 1 </i4></value></member>
    <member><name>bare</name><value>text</value></member>
    <member><name>empty</name><value><string/></value></member>
    <member><name>when</name><value><dateTime.iso8601>20261120T20:20:00+0500</dateTime.iso8601></value></member>
    </struct></value></param></params></methodCall>`);
  assert.equal(call?.method, 'GetBalanceAndDate');
  assert.deepEqual(Object.fromEntries(call?.members ?? []), {
    originTransactionID: '42',
    subscriberNumberNAI: '1',
    bare: 'text',
    empty: '',
    when: '20261120T20:20:00+0500',
  });
});

test('entities are read, and written back', () => {
  const call = parseCall(
    formatCall('UpdateBalanceAndDate', {
      msisdn: '1',
      id: '2',
      externalData: 'a&lt;b &amp; &#1079;',
    }),
  );
  assert.equal(call?.members.get('externalData1'), 'a<b & з');
  assert.match(formatResponse([['x', 'string', 'a<b & c']]), />a&lt;b &amp; c</);
});

test('an integer that is none counts as absent', () => {
  const body = formatCall('GetBalanceAndDate', { msisdn: '1', id: '2' });
  const call = parseCall(body.replace('<int>1</int>', '<int>one</int>'));
  assert.equal(call?.members.has('subscriberNumberNAI'), false);
});

test('what is no method call, or is torn, is refused', () => {
  assert.equal(parseCall('{}'), undefined);
  assert.equal(parseCall('<methodCall><methodName>A</methodName><params>'), undefined);
});

test('a hostile body costs no more than its length', () => {
  const body = `<methodCall><methodName>A</methodName>${'<name>a</name>  '.repeat(4_000)}${' '.repeat(9_000)}</methodCall>`;
  const start = performance.now();
  parseCall(body);
  assert.ok(performance.now() - start < 200);
});

test('a fault says its code and its text', () => {
  assert.match(formatFault(1001, 'Mandatory field missing: x'), /<i4>1001<\/i4>.*missing: x/);
});
