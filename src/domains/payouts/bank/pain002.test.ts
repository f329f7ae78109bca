import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isDuplicate, readPain002, statusesOf } from './pain002.ts';

const ids = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32));
const [a = '', b = '', c = '', d = ''] = ids;
const sent = [
  { erpId: a, batch: 'KOPEK-1-1' },
  { erpId: b, batch: 'KOPEK-1-1' },
  { erpId: c, batch: 'KOPEK-1-2' },
  { erpId: d, batch: 'KOPEK-1-2' },
];

interface Words {
  readonly group?: string;
  readonly batches?: string;
  readonly version?: string;
  readonly before?: string;
}

function report({ batches = '', before = '', group = '', version = '10' }: Words): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${before}
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.${version}"><CstmrPmtStsRpt>
<GrpHdr><MsgId>BANK-7</MsgId><CreDtTm>2026-11-26T08:00:00+01:00</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>KOPEK-1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${group}
</OrgnlGrpInfAndSts>${batches}</CstmrPmtStsRpt></Document>`);
}

function reason(code: string, words = ''): string {
  const more = words === '' ? '' : `<AddtlInf>${words}</AddtlInf>`;
  return `<StsRsnInf><Rsn><Cd>${code}</Cd></Rsn>${more}</StsRsnInf>`;
}

function payment(erpId: string, said: string): string {
  return `<TxInfAndSts><OrgnlEndToEndId>${erpId}</OrgnlEndToEndId>${said}</TxInfAndSts>`;
}

function batch(id: string, inside: string): string {
  return `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${id}</OrgnlPmtInfId>${inside}</OrgnlPmtInfAndSts>`;
}

const short = (bytes: Buffer) =>
  statusesOf(readPain002(bytes), sent).map(({ erpId, status }) => `${erpId[0]} ${status}`);

test('a sample of a bank is read whole', async () => {
  const bytes = await readFile(join(import.meta.dirname, 'samples/pain.002.xml'));
  const read = readPain002(bytes);
  assert.deepEqual(statusesOf(read, sent), [
    {
      ...{ source: 'bank', eventId: `BANK-7/${a}/ACSC`, erpId: a, status: 'ACSC' },
      occurredAt: new Date('2026-11-26T07:30:00Z'),
    },
    {
      ...{ source: 'bank', eventId: `BANK-7/${b}/RJCT`, erpId: b, status: 'RJCT' },
      ...{ reason: 'AC04 Account closed; MS03', occurredAt: new Date('2026-11-26T07:00:00Z') },
    },
    {
      ...{ source: 'bank', eventId: `BANK-7/${c}/PDNG`, erpId: c, status: 'PDNG' },
      occurredAt: new Date('2026-11-26T07:00:00Z'),
    },
    {
      ...{ source: 'bank', eventId: `BANK-7/${d}/PDNG`, erpId: d, status: 'PDNG' },
      occurredAt: new Date('2026-11-26T07:00:00Z'),
    },
  ]);
});

for (const status of ['ACTC', 'ACCP', 'ACSP', 'ACSC', 'ACCC', 'PDNG', 'RJCT', 'CANC']) {
  test(`${status} of the whole file is said of each of its payments`, () => {
    const group = `<GrpSts>${status}</GrpSts>`;
    assert.deepEqual(
      short(report({ group })),
      ['a', 'b', 'c', 'd'].map((id) => `${id} ${status}`),
    );
  });
}

test('a payment has its own word, else that of its batch, else that of the file', () => {
  const batches =
    batch('KOPEK-1-1', `<PmtInfSts>PART</PmtInfSts>${payment(b, '<TxSts>RJCT</TxSts>')}`) +
    batch('KOPEK-1-2', `<PmtInfSts>ACSP</PmtInfSts>${payment(d, '<TxSts>ACSC</TxSts>')}`);
  const told = short(report({ group: '<GrpSts>PART</GrpSts>', batches }));
  assert.deepEqual(told.toSorted(), ['b RJCT', 'c ACSP', 'd ACSC']);
});

test('PART alone says nothing of any payment', () => {
  assert.deepEqual(short(report({ group: '<GrpSts>PART</GrpSts>' })), []);
});

for (const code of ['AM05', 'DU01', 'DUPL']) {
  test(`a file that is refused with ${code} was sent twice: nothing is rejected`, () => {
    const bytes = report({ group: `<GrpSts>RJCT</GrpSts>${reason(code)}` });
    assert.deepEqual(short(bytes), []);
    assert.ok(isDuplicate(readPain002(bytes)));
  });
}

test('a payment that is refused as a duplicate gets a word that people look at', () => {
  const one = payment(a, `<TxSts>RJCT</TxSts>${reason('AM05')}`);
  assert.deepEqual(short(report({ batches: batch('KOPEK-1-1', one) })), ['a RJCT/AM05']);
});

test('a payment that is not of the file is told as well', () => {
  const other = 'e'.repeat(32);
  const batches = batch('KOPEK-1-1', payment(other, '<TxSts>ACSC</TxSts>'));
  assert.deepEqual(short(report({ batches })), ['e ACSC']);
});

test('entities of XML are letters, prefixes of elements do not matter, nor the version', () => {
  const group = `<GrpSts>RJCT</GrpSts>${reason('AC01', 'A &amp; B &lt;x&gt;')}`;
  assert.equal(readPain002(report({ group, version: '03' })).reason, 'AC01 A & B <x>');
  const prefixed = report({ group })
    .toString()
    .replaceAll(/<(\/?)(?=[A-Z])/g, '<$1p:');
  assert.equal(readPain002(Buffer.from(prefixed)).status, 'RJCT');
});

const malformed = [
  ['no XML', Buffer.from('status,ok')],
  ['an empty file', Buffer.from('')],
  ['half a file', report({}).subarray(0, 200)],
  ['another document', Buffer.from('<Document><CstmrCdtTrfInitn/></Document>')],
  [
    'entities of its own',
    report({ before: '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' }),
  ],
  ['a file outside', report({ before: '<!DOCTYPE d SYSTEM "file:///etc/passwd">' })],
  ['a word that is no status', report({ group: '<GrpSts>paid</GrpSts>' })],
  ['a payment without an id', report({ batches: batch('KOPEK-1-1', payment('', '')) })],
  ['an id that is too long', report({ batches: batch('x'.repeat(36), '') })],
  ['a name that every object has', report({ batches: '<constructor>x</constructor>' })],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x3c])],
] as const;

for (const [what, bytes] of malformed) {
  test(`${what} is refused`, () => {
    assert.throws(() => readPain002(bytes), { code: 'bank_report_malformed' });
  });
}
