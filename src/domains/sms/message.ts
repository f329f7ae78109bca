import { formatId, parseId } from '#ids';

/** A message that somebody in the house wants on a handset. */
export interface OutgoingSms {
  /** An operator, or later any other provider. */
  readonly provider: string;
  /** E.164 with the plus. */
  readonly recipient: string;
  /** Short code or name that the handset shows. */
  readonly sender: string;
  readonly body: string;
  /** What it is for: `pin`, `welcome`, `content`, `unsubscribed`, … */
  readonly kind: string;
  /** True for a PIN: its text is blotted out everywhere once it has left. */
  readonly secret?: boolean;
  /** 2 what a person waits for, 1 answers and links, 0 the rest. */
  readonly priority?: 0 | 1 | 2;
  /** Whose message it is (`sub_…`), for the reader of a story. */
  readonly reference?: string;
  /** The same fact asks once: a second message with this key is not made. */
  readonly dedupeKey?: string;
  /** Business time past which it is of no use to anyone. */
  readonly expiresAt: Date;
}

export type SmsState =
  | 'queued'
  | 'claimed'
  | 'submitting'
  | 'sent'
  | 'expired'
  | 'failed'
  | 'unknown';

export type SmsStep =
  | 'claim'
  | 'submit'
  | 'accept'
  | 'not_sent'
  | 'refuse'
  | 'lose_answer'
  | 'expire';

/** From where a step leads where. From `unknown` none leads to sending: what may have left is never sent again. */
export const smsSteps: Readonly<Record<SmsState, Readonly<Partial<Record<SmsStep, SmsState>>>>> = {
  queued: { claim: 'claimed', expire: 'expired' },
  claimed: { claim: 'claimed', submit: 'submitting', expire: 'expired' },
  submitting: { accept: 'sent', not_sent: 'queued', refuse: 'failed', lose_answer: 'unknown' },
  sent: {},
  expired: {},
  failed: {},
  unknown: { accept: 'sent' },
};

/** A PIN has four digits or more; a price in the same text may be read. */
const SECRET_DIGITS = /\d{4,}/g;
const SECRET_TEXT = '•••••';

/** What a log or a story shows of a text. */
export function shownText(message: { readonly body: string; readonly secret: boolean }): string {
  return message.secret ? message.body.replace(SECRET_DIGITS, SECRET_TEXT) : message.body;
}

/** Messages belong to a number, not to a customer: a PIN goes out before anyone is one. */
export function smsId(id: bigint): string {
  return formatId('sms', { customerId: 0n, id });
}

export function parseSmsId(text: string): bigint {
  return parseId('sms', text, 'sms').id;
}
