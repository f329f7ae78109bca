import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { somePdu } from './arbitrary.ts';
import { COMMANDS, type CommandName } from './commands.ts';
import { Frames } from './frames.ts';
import { type AnyPdu, decodePdu, encodePdu } from './pdu.ts';

const LENGTH_MOST = 70_000;

function decoded(frame: Buffer): AnyPdu {
  const read = decodePdu(frame);
  assert.equal(read.outcome, 'pdu', JSON.stringify(read));
  return (read as Extract<typeof read, { outcome: 'pdu' }>).pdu;
}

/** Cuts `octets` into chunks of these lengths, in turn. */
function chop(octets: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < octets.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    chunks.push(octets.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

test('what is written is read again, whatever the command', () => {
  fc.assert(
    fc.property(somePdu, (pdu) => {
      const frame = encodePdu(pdu);
      assert.equal(frame.readUInt32BE(0), frame.length);
      assert.deepEqual(decoded(frame), pdu);
      assert.deepEqual(encodePdu(decoded(frame)), frame);
    }),
    { numRuns: 500 },
  );
});

test('every command of the table is generated with its body', () => {
  const seen = new Set(fc.sample(somePdu, 1000).map(({ command }) => command));
  assert.deepEqual(seen, new Set(Object.keys(COMMANDS)));
});

test('a stream is cut into the same PDUs however it was split and merged on the way', () => {
  fc.assert(
    fc.property(
      fc.array(somePdu, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 }),
      (pdus, lengths) => {
        const taken: AnyPdu[] = [];
        const frames = new Frames({
          lengthMost: LENGTH_MOST,
          take: (frame) => taken.push(decoded(frame)),
          lost: (reason) => assert.fail(reason),
        });
        const stream = Buffer.concat(pdus.map((pdu) => encodePdu(pdu)));
        for (const chunk of chop(stream, lengths)) frames.push(chunk);
        assert.deepEqual(taken, pdus);
      },
    ),
  );
});

test('PDUs that stand whole in a chunk are not copied', () => {
  const stream = Buffer.concat([
    encodePdu({ command: 'enquire_link', sequence: 1 }),
    encodePdu({ command: 'enquire_link', sequence: 2 }),
  ]);
  const taken: Buffer[] = [];
  const frames = new Frames({
    ...{ lengthMost: LENGTH_MOST, take: (frame) => taken.push(frame) },
    lost: () => assert.fail(),
  });
  frames.push(stream);
  assert.deepEqual(
    taken.map(({ buffer, byteOffset }) => [buffer, byteOffset]),
    [
      [stream.buffer, stream.byteOffset],
      [stream.buffer, stream.byteOffset + 16],
    ],
  );
});

test('garbage is read or told to be unreadable, and never throws', () => {
  const ids = fc.constantFrom(...Object.values(COMMANDS), 0x0a, 0x80000033);
  fc.assert(
    fc.property(ids, fc.uint8Array({ maxLength: 400 }), (id, rest) => {
      const frame = Buffer.alloc(16 + rest.length);
      frame.set(rest, 16);
      frame.writeUInt32BE(frame.length, 0);
      frame.writeUInt32BE(id, 4);
      frame.writeUInt32BE(7, 12);
      const read = decodePdu(frame);
      if (read.outcome === 'unreadable') assert.equal(read.sequence, 7);
    }),
    { numRuns: 2000 },
  );
});

test('a whole PDU whose end is missing is unreadable as a request, and empty there as an answer', () => {
  fc.assert(
    fc.property(somePdu, fc.nat(1000), (pdu, cut) => {
      const whole = encodePdu({ ...pdu, tlvs: {} });
      const frame = whole.subarray(0, Math.max(16, whole.length - 1 - (cut % whole.length)));
      const read = decodePdu(frame);
      // A list that was cut off is no list.
      if (pdu.command.endsWith('_resp') && pdu.command !== 'submit_multi_resp')
        assert.equal(read.outcome, 'pdu');
      else if (whole.length > 16 && !pdu.command.endsWith('_resp'))
        assert.equal(read.outcome, 'unreadable');
    }),
  );
});

test('a length that no PDU has ends the stream, and nothing behind it is read', () => {
  for (const length of [0, 1, 15, LENGTH_MOST + 1, 0xffffffff]) {
    for (const lengths of [[100], [1], [3, 2]]) {
      let lost = 0;
      const frames = new Frames({
        lengthMost: LENGTH_MOST,
        take: () => assert.fail('nothing is read'),
        lost: () => (lost += 1),
      });
      const octets = Buffer.alloc(64);
      octets.writeUInt32BE(length, 0);
      octets.writeUInt32BE(16, 32);
      for (const chunk of chop(octets, lengths)) frames.push(chunk);
      assert.equal(lost, 1, `${length}`);
    }
  }
});

test('the example of the specification, a bind_transmitter', () => {
  // SMPP 3.4, §3.2.4: system_id SMPP3TEST, password secret08, system_type SUBMIT1.
  const frame = Buffer.from(
    `0000002f 00000002 00000000 00000001 534d5050335445535400 7365637265743038 00
     5355424d4954 3100 34 01 01 00`.replaceAll(/\s/g, ''),
    'hex',
  );
  // The figure there counts an address_range of one zero; its body is 31 octets long.
  const pdu = decoded(frame);
  assert.deepEqual(
    { ...pdu, body: { ...pdu.body } },
    {
      ...{ command: 'bind_transmitter', status: 0, sequence: 1, tlvs: {} },
      body: {
        ...{ systemId: 'SMPP3TEST', password: 'secret08', systemType: 'SUBMIT1' },
        ...{ interfaceVersion: 0x34, addressTon: 1, addressNpi: 1, address: '' },
      },
    },
  );
  assert.deepEqual(encodePdu(pdu), frame);
});

test('a submit_sm with TLVs, octet by octet', () => {
  const frame = encodePdu({
    command: 'submit_sm',
    sequence: 0x01020304,
    body: {
      ...{ sourceTon: 5, source: 'Kopek', destinationTon: 1, destinationNpi: 1 },
      ...{ destination: '79161234567', registeredDelivery: 1 },
      shortMessage: Buffer.from('Hi', 'latin1'),
    },
    tlvs: { sarMsgRefNum: 0x1234, sarTotalSegments: 2, sarSegmentSeqnum: 1 },
  });
  const expected = [
    ...['0000004a', '00000004', '00000000', '01020304'],
    ...['00', '0500', '4b6f70656b00', '0101', '373931363132333435363700'],
    ...['00', '00', '00', '00', '00', '01', '00', '00', '00', '02', '4869'],
    ...['020c00021234', '020e000102', '020f000101'],
  ].join('');
  assert.equal(frame.toString('hex').slice(8), expected.slice(8));
  assert.equal(frame.readUInt32BE(0), frame.length);
});

test('a TLV whose length is not that of its tag is kept as it came, and a cut one is left out', () => {
  const head = encodePdu({ command: 'deliver_sm', sequence: 1 });
  const tlvs = Buffer.from('0427000212340424ffff00', 'hex');
  const frame = Buffer.concat([head, tlvs]);
  frame.writeUInt32BE(frame.length, 0);
  assert.deepEqual(decoded(frame).tlvs, {
    others: [{ tag: 0x0427, value: Buffer.from('1234', 'hex') }],
  });
});

test('a receipted_message_id is read with and without the zero at its end', () => {
  for (const value of ['616263', '61626300', '6162630000']) {
    const head = encodePdu({ command: 'deliver_sm', sequence: 1 });
    const length = (value.length / 2).toString(16).padStart(4, '0');
    const frame = Buffer.concat([head, Buffer.from(`001e${length}${value}`, 'hex')]);
    frame.writeUInt32BE(frame.length, 0);
    assert.equal(decoded(frame).tlvs.receiptedMessageId, 'abc');
  }
});

test('what does not fit its field is a RangeError, and says so before anything is sent', () => {
  const bad: readonly Partial<Record<string, unknown>>[] = [
    { source: 'x'.repeat(21) },
    { destination: '7916\u0000' },
    { source: 'Копейка' },
    { shortMessage: Buffer.alloc(255) },
    { validityPeriod: '0'.repeat(17) },
  ];
  for (const body of bad) {
    const pdu = { command: 'submit_sm' as CommandName, sequence: 1, body: body as never };
    assert.throws(() => encodePdu(pdu), RangeError);
  }
});
