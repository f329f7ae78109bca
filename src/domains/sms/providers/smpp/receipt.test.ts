import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePdu, encodePdu, type Outgoing } from '#smpp';
import { messageIdsOf } from './message-ids.ts';
import { readReceiptText } from './receipt.ts';
import { isReceipt, readReceipt } from './reports.ts';
import { withDefaults } from './settings.ts';

const settings = withDefaults({ host: 'centre', system_id: 'kopek' });
const DONE = '2026-11-25T21:05:00.000Z';

// What centres make of appendix B of the specification, each with what it says.
const DIALECTS: readonly (readonly [string, string, Partial<Record<string, string>>])[] = [
  [
    'the specification’s',
    'id:0123456789 sub:001 dlvrd:001 submit date:2611252104 done date:2611252105 stat:DELIVRD err:000 text:Hello',
    { id: '0123456789', stat: 'DELIVRD', err: '000', doneAt: DONE },
  ],
  [
    'capitals in names, small letters in values',
    'ID:abc SUB:1 DLVRD:1 SUBMIT DATE:2611252104 DONE DATE:2611252105 STAT:delivrd ERR:0 Text:Hello',
    { id: 'abc', stat: 'DELIVRD', err: '0', doneAt: DONE },
  ],
  [
    'another order',
    'stat:UNDELIV err:027 id:77 done date:2611252105',
    { id: '77', stat: 'UNDELIV', err: '027', doneAt: DONE },
  ],
  [
    'seconds in dates',
    'id:77 submit date:261125210400 done date:261125210509 stat:EXPIRED err:1',
    { id: '77', stat: 'EXPIRED', err: '1', doneAt: '2026-11-25T21:05:09.000Z' },
  ],
  [
    'years of four digits',
    'id:77 done date:20261125210509 stat:EXPIRED',
    { id: '77', stat: 'EXPIRED', doneAt: '2026-11-25T21:05:09.000Z' },
  ],
  ['the least', 'id:77 stat:REJECTD', { id: '77', stat: 'REJECTD' }],
  [
    'spaces behind colons',
    'id: 77 stat: DELIVRD err: 000',
    { id: '77', stat: 'DELIVRD', err: '000' },
  ],
  [
    'underscores',
    'id:77 done_date:2611252105 stat:DELIVRD',
    { id: '77', stat: 'DELIVRD', doneAt: DONE },
  ],
  ['commas', 'id:77,stat:DELIVRD,err:000', { id: '77', stat: 'DELIVRD', err: '000' }],
  ['the text first', 'text:hello id:77 stat:DELIVRD', { id: '77', stat: 'DELIVRD' }],
  [
    'a text that looks like a receipt',
    'id:77 stat:UNDELIV err:5 text:id:78 stat:DELIVRD err:0',
    { id: '77', stat: 'UNDELIV', err: '5' },
  ],
  ['an id that is a UUID', 'id:0a1b-2c3d stat:DELIVRD', { id: '0a1b-2c3d', stat: 'DELIVRD' }],
  ['an empty err', 'id:77 stat:DELIVRD err: text:x', { id: '77', stat: 'DELIVRD' }],
  ['a date that is none', 'id:77 done date:0000000000 stat:DELIVRD', { id: '77', stat: 'DELIVRD' }],
  ['nothing', '', {}],
];

for (const [name, text, expected] of DIALECTS) {
  test(`the text of a receipt in the dialect: ${name}`, () => {
    const { doneAt, ...read } = readReceiptText(text, 0);
    const told = doneAt ? { ...read, doneAt: doneAt.toISOString() } : read;
    assert.deepEqual(told, expected);
  });
}

function deliver(more: Partial<Outgoing<'deliver_sm'>>, text = '') {
  const { body, ...rest } = more;
  const shortMessage = Buffer.from(text, 'latin1');
  const frame = encodePdu({
    ...{
      command: 'deliver_sm',
      sequence: 1,
      body: { esmClass: 4, shortMessage, ...body },
      ...rest,
    },
  });
  const read = decodePdu(frame);
  assert.ok(read.outcome === 'pdu' && read.pdu.command === 'deliver_sm');
  return read.pdu;
}

const ids = messageIdsOf({});

test('TLVs count first, then the text', () => {
  const pdu = deliver(
    { tlvs: { receiptedMessageId: 'tlv', messageState: 2 } },
    'id:text stat:UNDELIV err:001 done date:2611252105',
  );
  assert.deepEqual(readReceipt(pdu, ids, settings), {
    ...{ providerMessageId: 'tlv', state: 'delivered', at: new Date(DONE) },
  });
});

test('a receipt may stand in TLVs alone, with the error of the network', () => {
  const networkErrorCode = Buffer.from([3, 0x01, 0x02]);
  const pdu = deliver({ tlvs: { receiptedMessageId: 'a', messageState: 5, networkErrorCode } });
  assert.deepEqual(readReceipt(pdu, ids, settings), {
    ...{ providerMessageId: 'a', state: 'undelivered', reason: 'smpp_undeliv_258' },
  });
});

test('a receipt may stand in the payload, and in UCS-2', () => {
  const text = 'id:77 stat:EXPIRED err:009';
  const payload = deliver({ tlvs: { messagePayload: Buffer.from(text) } });
  const wide = Buffer.from(text, 'utf16le').swap16();
  const ucs2 = deliver({ body: { esmClass: 4, dataCoding: 8, shortMessage: wide } });
  for (const pdu of [payload, ucs2])
    assert.deepEqual(readReceipt(pdu, ids, settings), {
      ...{ providerMessageId: '77', state: 'expired', reason: 'smpp_expired_009' },
    });
});

test('every state has its meaning, and ACCEPTD the one of the settings', () => {
  const stateOf = (stat: string, accepted_means: 'sent' | 'delivered' | 'accepted' = 'sent') =>
    readReceipt(deliver({}, `id:1 stat:${stat}`), ids, { ...settings, accepted_means })?.state;
  const states = ['DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'REJECTD', 'ENROUTE', 'UNKNOWN'];
  assert.deepEqual(
    states.map((stat) => stateOf(stat)),
    [...['delivered', 'expired', 'undelivered', 'undelivered', 'rejected', 'sent', 'sent']],
  );
  assert.deepEqual(
    (['sent', 'delivered', 'accepted'] as const).map((means) => stateOf('ACCEPTD', means)),
    ['sent', 'delivered', 'accepted'],
  );
  assert.equal(stateOf('WHATEVER'), undefined);
});

test('what a customer writes is no receipt, unless the settings take receipts without their flag', () => {
  const forged = deliver({ body: { esmClass: 0 } }, 'id:77 stat:DELIVRD');
  const bare = {
    ...forged,
    body: { ...forged.body, shortMessage: Buffer.from('id:77 stat:DELIVRD') },
  };
  assert.equal(isReceipt(bare, settings), false);
  assert.equal(isReceipt(bare, { ...settings, unflagged_receipts: true }), true);
  assert.equal(isReceipt(deliver({}), settings), true);
  assert.equal(isReceipt(deliver({ body: { esmClass: 0x20 } }), settings), true);
  // A handset's own acknowledgement is a customer's.
  assert.equal(
    isReceipt(deliver({ body: { esmClass: 0x08 } }), { ...settings, unflagged_receipts: true }),
    false,
  );
});

test('ids are brought to one form where the centre writes them in two', () => {
  const mixed = messageIdsOf({ response: 'hex', receipt: 'decimal' });
  assert.equal(mixed.ofResponse('1F4A'), '8010');
  assert.equal(mixed.ofResponse('00001f4a'), '8010');
  assert.equal(mixed.ofReceipt('8010'), '8010');
  assert.equal(mixed.ofReceipt('0000008010'), '8010');
  assert.equal(mixed.ofReceiptTlv('1f4a'), '8010');
  assert.equal(mixed.toCentre('8010'), '1f4a');
  const other = messageIdsOf({ response: 'decimal', receipt: 'hex' });
  assert.equal(other.ofResponse('8010'), other.ofReceipt('1F4A'));
  assert.equal(other.toCentre('8010'), '8010');
  // Larger than a double holds.
  assert.equal(mixed.ofResponse('ffffffffffffffff'), mixed.ofReceipt('18446744073709551615'));
});

test('an id that is no number stays what it is, and so does every id where there is one base', () => {
  const mixed = messageIdsOf({ response: 'hex', receipt: 'decimal' });
  assert.equal(mixed.ofResponse('a-1'), 'a-1');
  const same = messageIdsOf({ response: 'hex', receipt: 'hex' });
  assert.equal(same.ofResponse('00FF'), '00FF');
  assert.equal(ids.ofReceipt('00FF'), '00FF');
});
