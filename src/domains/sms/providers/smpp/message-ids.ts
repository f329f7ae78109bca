import type { SmppSettings } from './settings.ts';

type IdBase = NonNullable<SmppSettings['message_ids']['response']>;

/** Brings the ids of one centre to one form, wherever they are read. */
export interface MessageIds {
  ofResponse(text: string): string;
  ofReceipt(text: string): string;
  ofReceiptTlv(text: string): string;
  /** Back to how the centre writes it in its answers. */
  toCentre(id: string): string;
}

const DIGITS: Readonly<Record<Exclude<IdBase, 'text'>, RegExp>> = {
  hex: /^[0-9a-f]{1,32}$/i,
  decimal: /^\d{1,39}$/,
};

/**
 * Many centres answer `1F4A` and then write `8010` into the receipt. Where the settings say so, an id is the number
 * that both mean, in decimal digits; else it is the text that came.
 */
export function messageIdsOf(settings: SmppSettings['message_ids']): MessageIds {
  const { receipt = 'text', response = 'text' } = settings;
  const tlv = settings.receipt_tlv ?? response;
  // With one base everywhere the text is enough, and exact.
  const same = response === receipt && response === tlv;
  const read = (base: IdBase) => (text: string) => (same ? text : toDecimal(text.trim(), base));
  return {
    ofResponse: read(response),
    ofReceipt: read(receipt),
    ofReceiptTlv: read(tlv),
    toCentre: (id) =>
      !same && response === 'hex' && DIGITS.decimal.test(id) ? BigInt(id).toString(16) : id,
  };
}

/** What is no number in that base stays as it is. */
function toDecimal(text: string, base: IdBase): string {
  if (base === 'text' || !DIGITS[base].test(text)) return text;
  return BigInt(base === 'hex' ? `0x${text}` : text).toString();
}
