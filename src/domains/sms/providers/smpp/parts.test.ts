import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measureText } from '#gsm';
import { decodePdu, encodePdu } from '#smpp';
import { cutMessage, type Part } from './parts.ts';
import { contentOf, type IncomingPart, readIncomingPart, readText } from './read-text.ts';
import { withDefaults } from './settings.ts';

const base = withDefaults({ host: 'centre', system_id: 'kopek' });
const WAYS = (['udh8', 'udh16', 'sar', 'payload'] as const).flatMap((long_messages) =>
  (['octets', 'septets'] as const).map((gsm_packing) => ({ ...base, long_messages, gsm_packing })),
);
const someText = fc.string({
  ...{ minLength: 1, maxLength: 700 },
  unit: fc.constantFrom(...'abcdefgh ёжЖ€{}|@Ü', '🎵', '👩‍👧'),
});
const someGsm = fc.string({
  minLength: 1,
  maxLength: 900,
  unit: fc.constantFrom(...'abc XYZ€{}@_Ü\n'),
});

function pduOf({ dataCoding, hasHeader, shortMessage, tlvs }: Part) {
  const body = { dataCoding, shortMessage, esmClass: hasHeader ? 0x40 : 0 };
  const read = decodePdu(
    encodePdu({ command: 'deliver_sm', sequence: 1, body, ...(tlvs ? { tlvs } : {}) }),
  );
  assert.ok(read.outcome === 'pdu' && read.pdu.command === 'deliver_sm');
  return read.pdu;
}

function textOf(parts: readonly IncomingPart[]): string {
  const [first] = parts;
  assert.ok(first);
  return readText(first.alphabet, Buffer.concat(parts.map(({ octets }) => octets)));
}

test('what is cut and joined again is the text, whichever way long messages go', () => {
  fc.assert(
    fc.property(fc.oneof(someText, someGsm), fc.constantFrom(...WAYS), (text, settings) => {
      const parts = cutMessage(text, 0xabcd, settings);
      const read = parts.map((part) => readIncomingPart(pduOf(part), settings));
      // Seven spare bits at the end of packed septets look like an @: only there.
      const joined = textOf(read);
      const packed = settings.gsm_packing === 'septets' && read[0]?.alphabet === 'gsm';
      if (packed) assert.ok(joined.startsWith(text) || parts.length > 1);
      else assert.equal(joined, text);
    }),
    { numRuns: 600 },
  );
});

test('no part is larger than the air carries, and each knows its place', () => {
  fc.assert(
    fc.property(someText, fc.constantFrom(...WAYS.slice(0, 4)), (text, settings) => {
      const parts = cutMessage(text, 0x1234, settings);
      for (const [at, part] of parts.entries()) {
        const { concatenation, octets } = readIncomingPart(pduOf(part), settings);
        const gsm = measureText(text).encoding === 'gsm7';
        const header = part.hasHeader ? (part.shortMessage[0] ?? 0) + 1 : 0;
        const packed = settings.gsm_packing === 'septets' || !gsm;
        const air = packed ? part.shortMessage.length : header + Math.ceil((octets.length * 7) / 8);
        assert.ok(air <= 140, `${air}`);
        if (parts.length === 1) assert.equal(concatenation, undefined);
        else
          assert.deepEqual(concatenation, {
            ...{ total: parts.length, number: at + 1 },
            reference: settings.long_messages === 'udh8' ? 0x34 : 0x1234,
          });
      }
    }),
  );
});

test('headers, TLVs and payload stand as the specifications want them', () => {
  const text = 'x'.repeat(161);
  const heads = (long_messages: 'udh8' | 'udh16') =>
    cutMessage(text, 0xabcd, { ...base, long_messages }).map(({ shortMessage }) =>
      shortMessage.subarray(0, (shortMessage[0] ?? 0) + 1).toString('hex'),
    );
  assert.deepEqual(heads('udh8'), ['050003cd0201', '050003cd0202']);
  assert.deepEqual(heads('udh16'), ['060804abcd0201', '060804abcd0202']);
  const [first] = cutMessage(text, 0xabcd, { ...base, long_messages: 'sar' });
  assert.deepEqual(first?.tlvs, {
    ...{ sarMsgRefNum: 0xabcd, sarTotalSegments: 2, sarSegmentSeqnum: 1 },
  });
  assert.equal(first?.hasHeader, false);
  const [whole, ...more] = cutMessage(text, 1, { ...base, long_messages: 'payload' });
  assert.equal(more.length, 0);
  assert.equal(contentOf(pduOf(whole as Part)).length, 161);
  assert.equal(whole?.shortMessage.length, 0);
});

test('data codings are those of the settings', () => {
  const settings = { ...base, gsm_data_coding: 0xf1, ucs2_data_coding: 0x18 };
  assert.equal(cutMessage('x', 1, settings)[0]?.dataCoding, 0xf1);
  assert.equal(cutMessage('ж', 1, settings)[0]?.dataCoding, 0x18);
});

test('incoming texts are read by their coding', () => {
  const read = (dataCoding: number, hex: string, more = {}) => {
    const part = { hasHeader: false, dataCoding, shortMessage: Buffer.from(hex, 'hex') };
    const { alphabet, octets } = readIncomingPart(pduOf(part), { ...base, ...more });
    return readText(alphabet, octets);
  };
  assert.equal(read(0, '005e1b65'), '@Ü€');
  assert.equal(read(0, '40dc', { incoming_alphabet: 'latin1' }), '@Ü');
  assert.equal(read(0, 'd0b6', { incoming_alphabet: 'utf8' }), 'ж');
  assert.equal(read(1, '5354'), 'ST');
  assert.equal(read(3, 'dc'), 'Ü');
  assert.equal(read(6, 'd6'), 'ж');
  assert.equal(read(8, '0436d83cdfb5'), 'ж🎵');
  assert.equal(read(8, '043600'), 'ж');
  assert.equal(read(4, '00ff'), '00ff');
  assert.equal(read(0xf0, '00'), '@');
  assert.equal(read(0xf4, '00'), '00');
  assert.equal(read(0, ''), '');
});

test('broken headers are taken for none that says anything, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), fc.nat(255), (octets, dataCoding) => {
      const part = { hasHeader: true, dataCoding, shortMessage: Buffer.from(octets) };
      const { alphabet, octets: content } = readIncomingPart(pduOf(part), base);
      assert.equal(typeof readText(alphabet, content), 'string');
    }),
  );
});
