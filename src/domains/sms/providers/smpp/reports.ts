import type { AnyPdu, Pdu, Tlvs } from '#smpp';
import type { ReportedState, StatusReport } from '#sms/provider';
import type { MessageIds } from './message-ids.ts';
import { contentOf } from './read-text.ts';
import { readReceiptText } from './receipt.ts';
import type { SmppSettings } from './settings.ts';

type ShortMessage = Extract<AnyPdu, { command: 'deliver_sm' | 'data_sm' }>;
type ReceiptSettings = Pick<
  SmppSettings,
  'accepted_means' | 'cancel' | 'unflagged_receipts' | 'receipt_minutes_ahead'
>;

const TYPE_BITS = 0x3c;
const RECEIPT = 0x04;
const INTERMEDIATE = 0x20;
const UCS2 = 8;
const UNFLAGGED = /\bid\s*[:=].*\bstat\s*[:=]/is;

/** SMPP 3.4, §5.2.28. ACCEPTED means what the settings say. */
const STATE_NAMES: readonly string[] = [
  ...['SCHEDLD', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN'],
  ...['REJECTD', 'SKIPPED'],
];

/**
 * In the first letters, for `DELIVRD`, `DELIVERED` and `DELIV` are one. UNKNOWN is not `not_found`: the centre had the
 * message and does not know its end.
 */
const STATES: readonly (readonly [string, ReportedState])[] = [
  ...([
    ['DELIV', 'delivered'],
    ['EXPIR', 'expired'],
    ['UNDEL', 'undelivered'],
    ['REJEC', 'rejected'],
    ['ENROU', 'sent'],
    ['UNKNO', 'sent'],
    ['SKIPP', 'undelivered'],
    ['SCHED', 'accepted'],
    ['BUFFE', 'sent'],
    ['FAILE', 'undelivered'],
  ] as const),
];

/** Whether the centre speaks of a message of ours. A customer's text is none, whatever it says. */
export function isReceipt(pdu: ShortMessage, settings: ReceiptSettings): boolean {
  const type = pdu.body.esmClass & TYPE_BITS;
  if (type === RECEIPT || type === INTERMEDIATE) return true;
  if (type !== 0) return false;
  if (pdu.tlvs.receiptedMessageId !== undefined) return true;
  return settings.unflagged_receipts && UNFLAGGED.test(contentOf(pdu).toString('latin1'));
}

/** Undefined when it does not say of which message, or in which state it is. TLVs count first, then the text. */
export function readReceipt(
  pdu: ShortMessage,
  ids: MessageIds,
  settings: ReceiptSettings,
): StatusReport | undefined {
  const { tlvs } = pdu;
  const text = readReceiptText(receiptTextOf(pdu), settings.receipt_minutes_ahead);
  const stat = STATE_NAMES[tlvs.messageState ?? -1] ?? text.stat;
  const state = stat === undefined ? undefined : readState(stat, settings);
  const tlvId = tlvs.receiptedMessageId;
  const id = tlvId ? ids.ofReceiptTlv(tlvId) : text.id && ids.ofReceipt(text.id);
  if (!state || !id) return undefined;
  const reason = state === 'delivered' ? undefined : reasonOf(stat ?? '', text.err, tlvs);
  return {
    ...{ providerMessageId: id, state },
    ...(text.doneAt ? { at: text.doneAt } : {}),
    ...(reason ? { reason } : {}),
  };
}

function receiptTextOf(pdu: ShortMessage): string {
  const content = contentOf(pdu);
  // Its letters are digits and ASCII in every other coding.
  return pdu.body.dataCoding === UCS2
    ? Buffer.from(content.subarray(0, content.length & ~1))
        .swap16()
        .toString('utf16le')
    : content.toString('latin1');
}

export function readState(
  stat: string,
  { accepted_means, cancel }: Pick<SmppSettings, 'accepted_means' | 'cancel'>,
): ReportedState | undefined {
  if (stat.startsWith('ACCEP')) return accepted_means;
  // Where nobody can take a message back, it was not us who had it deleted.
  if (stat.startsWith('DELET')) return cancel ? 'cancelled' : 'undelivered';
  return STATES.find(([letters]) => stat.startsWith(letters))?.[1];
}

/** `expired_042`: the state, and the error of the centre or of the network behind it. */
function reasonOf(stat: string, err: string | undefined, { networkErrorCode }: Tlvs): string {
  const network =
    networkErrorCode?.length === 3 ? String(networkErrorCode.readUInt16BE(1)) : undefined;
  const code = err && !/^0+$/.test(err) ? err : network;
  return `smpp_${stat.toLowerCase()}${code ? `_${code.slice(0, 20)}` : ''}`;
}

/** What a query says of the message that it was about. */
export function readQuery(
  { body }: Pdu<'query_sm_resp'>,
  id: string,
  settings: ReceiptSettings,
): StatusReport | undefined {
  const stat = STATE_NAMES[body.messageState] ?? '';
  const state = readState(stat, settings);
  if (!state) return undefined;
  const code = body.errorCode === 0 ? '' : `_${body.errorCode}`;
  return {
    ...{ providerMessageId: id, state },
    ...(state === 'delivered' ? {} : { reason: `smpp_${stat.toLowerCase()}${code}` }),
  };
}
