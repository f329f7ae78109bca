import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { type BankFile, readPain001, writePain001 } from './pain001.ts';

const NONE = { name: 'K', account: '12345', bank: '' };

/** Every branch of the writer. The sample was judged by the schema of ISO 20022 (pain.001.001.09.xsd of 2019). */
const file: BankFile = {
  messageId: 'KOPEK-1K9X0C7',
  createdAt: new Date('2026-11-25T20:00:00.500Z'),
  batches: [
    {
      ...{ number: 1, currency: 'EUR' },
      debtor: {
        ...{ name: 'Kopek & Söhne <GmbH>', account: 'DE89370400440532013000', bank: 'COBADEFFXXX' },
      },
      payments: [
        {
          ...{
            erpId: '0123456789abcdef0123456789abcdef',
            reference: 'po_1k',
            amountMinor: 123_456n,
          },
          creditor: { name: 'A "B" \'C\'', account: 'GB82WEST12345698765432', bank: '' },
        },
        {
          ...{ erpId: '1123456789abcdef0123456789abcdef', reference: 'po_1l', amountMinor: 1n },
          creditor: { name: 'Иван', account: 'GB82WEST12345698765432', bank: 'NWBKGB2L' },
        },
      ],
    },
    {
      ...{ number: 2, currency: 'KWD', debtor: NONE },
      payments: [
        {
          ...{ erpId: '2123456789abcdef0123456789abcdef', reference: 'po_1m', amountMinor: 1234n },
          creditor: { name: 'X', account: '40702810900000000001', bank: 'RUCBC:044525225' },
        },
      ],
    },
    {
      ...{ number: 3, currency: 'JPY', debtor: NONE },
      payments: [
        {
          ...{ erpId: '3123456789abcdef0123456789abcdef', reference: 'po_1n', amountMinor: 1234n },
          creditor: { name: 'X', account: '123/4-5', bank: '' },
        },
      ],
    },
  ],
};

test('the file is the sample, byte for byte', async () => {
  const sample = await readFile(join(import.meta.dirname, 'samples/pain.001.xml'), 'utf8');
  assert.equal(writePain001(file), sample);
});

test('what is written reads back as what was asked for', () => {
  const read = readPain001(Buffer.from(writePain001(file)));
  assert.equal(read.messageId, 'KOPEK-1K9X0C7');
  assert.equal(read.count, 4);
  assert.equal(read.controlSum, '2469.804');
  assert.deepEqual(
    read.payments,
    file.batches.flatMap(({ currency, payments }) =>
      payments.map(({ amountMinor, erpId }) => ({ erpId, currency, amountMinor })),
    ),
  );
});

test('no name breaks out of its element', () => {
  const parser = new XMLParser({ parseTagValue: false, trimValues: false });
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }), (text) => {
      const name = text.replaceAll(/[\p{Cc}\p{Cs}\p{Cn}\p{Co}]/gu, 'x');
      const [batch] = file.batches;
      const [payment] = batch?.payments ?? [];
      assert.ok(batch && payment);
      const creditor = { ...payment.creditor, name };
      const payments = [{ ...payment, creditor }];
      const xml = writePain001({ ...file, batches: [{ ...batch, payments }] });
      assert.equal(XMLValidator.validate(xml), true);
      const read = parser.parse(xml).Document.CstmrCdtTrfInitn.PmtInf.CdtTrfTxInf.Cdtr.Nm;
      assert.equal(String(read), name);
    }),
  );
});
