import { formatId, parseId } from '#ids';
import type { MessageClass } from '#rules/decision';
import type { ReportedState } from './provider.ts';

/** A message that somebody in the house wants on a handset. */
export interface OutgoingSms {
  /** An operator, or any other provider; absent: the rules choose it. */
  readonly provider?: string;
  /** E.164 with the plus. */
  readonly recipient: string;
  /** Short code or name that the handset shows. */
  readonly sender: string;
  readonly body: string;
  /** What it is for: `pin`, `welcome`, `content`, `unsubscribed`, … */
  readonly kind: string;
  /** What the law takes it for; a PIN is `auth`, all else `transaction`, unless told. */
  readonly class?: MessageClass;
  /** On whose behalf; the house's own legal entity unless told. */
  readonly entity?: string;
  /** IANA zone of the recipient, where it is known. */
  readonly timeZone?: string;
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

/** Who asked for a message: another domain, `POST /v1/sms`, or `POST /v1/sender/messages`, which knows no rules. */
export type Origin = 'house' | 'api' | 'sender';

export type SmsState =
  | 'deferred'
  | 'queued'
  | 'claimed'
  | 'submitting'
  | 'accepted'
  | 'sent'
  | 'delivered'
  | 'undelivered'
  | 'expired'
  | 'rejected'
  | 'cancelled'
  | 'unknown'
  /** `rejected` in the words of an older version. */
  | 'failed';

export type SmsStep =
  | 'wake'
  | 'claim'
  | 'submit'
  | 'defer'
  | 'reroute'
  | 'reject'
  | 'expire'
  | 'cancel'
  | 'withdraw'
  | 'accept'
  | 'not_sent'
  | 'refuse'
  | 'lose_answer'
  | 'prove_unsent'
  | 'report_sent'
  | 'report_delivered'
  | 'report_undelivered'
  | 'report_expired'
  | 'report_rejected'
  | 'report_cancelled'
  | 'give_up';

const REPORTS = {
  report_sent: 'sent',
  report_delivered: 'delivered',
  report_undelivered: 'undelivered',
  report_expired: 'expired',
  report_rejected: 'rejected',
  report_cancelled: 'cancelled',
} as const;

/** Of a try that was thought never to have left, and has: what has left is not sent again. */
const HEARD_OF = { accept: 'accepted', ...REPORTS } as const;

/**
 * From where a step leads where. Ends are ends: what is reported of them later is kept and changes nothing. From
 * `unknown` a way leads back to the queue only when the provider, asked by our own id, has never heard of it; what was
 * taken back meanwhile is `withdrawn` instead.
 */
export const smsSteps: Readonly<Record<SmsState, Readonly<Partial<Record<SmsStep, SmsState>>>>> = {
  deferred: {
    wake: 'queued',
    defer: 'deferred',
    reject: 'rejected',
    expire: 'expired',
    cancel: 'cancelled',
    ...HEARD_OF,
  },
  queued: {
    ...{ claim: 'claimed', reroute: 'queued', defer: 'deferred', reject: 'rejected' },
    ...{ expire: 'expired', cancel: 'cancelled', ...HEARD_OF },
  },
  claimed: {
    ...{ claim: 'claimed', submit: 'submitting', reroute: 'queued', defer: 'deferred' },
    ...{ reject: 'rejected', expire: 'expired', cancel: 'cancelled', ...HEARD_OF },
  },
  submitting: {
    ...{ accept: 'accepted', not_sent: 'queued', refuse: 'rejected', lose_answer: 'unknown' },
    ...{ withdraw: 'cancelled', ...REPORTS },
  },
  accepted: { ...REPORTS, give_up: 'unknown' },
  sent: { ...REPORTS, report_sent: 'sent', give_up: 'unknown' },
  unknown: { prove_unsent: 'queued', withdraw: 'cancelled', ...HEARD_OF },
  delivered: {},
  undelivered: {},
  expired: {},
  rejected: {},
  cancelled: {},
  failed: {},
};

const ALL_STATES = Object.keys(smsSteps) as SmsState[];

export const FINAL_STATES: readonly SmsState[] = [
  ...(['delivered', 'undelivered', 'expired', 'rejected', 'cancelled', 'failed'] as const),
];

/** How far a report takes a message: a part that is on its way says less than one that has arrived. */
const RANK: Readonly<Record<ReportedState, number>> = {
  ...{ not_found: 0, accepted: 1, sent: 2, delivered: 3, undelivered: 3, expired: 3 },
  ...{ rejected: 3, cancelled: 3 },
};

/** Whether a later report of the same part replaces an earlier one: states never go back, ends stay. */
export function advances(before: ReportedState | null, after: ReportedState): boolean {
  return before === null ? RANK[after] > 0 : RANK[after] > RANK[before];
}

const FAILURES = ['undelivered', 'expired', 'rejected', 'cancelled'] as const;

/** Whether such a report is the end of a part that has not reached its handset. */
export function isFailure(state: ReportedState | null): state is (typeof FAILURES)[number] {
  return FAILURES.some((one) => one === state);
}

/**
 * What the reports of all parts say of the whole: it is delivered when all of them are; the first that fails fails it;
 * it is on its way when one is. Null is a part of which nothing was heard.
 */
export function stateOfParts(
  parts: readonly (ReportedState | null)[],
): Exclude<ReportedState, 'not_found'> | undefined {
  const failed = parts.find(isFailure);
  if (failed) return failed;
  if (parts.length > 0 && parts.every((part) => part === 'delivered')) return 'delivered';
  if (parts.some((part) => part === 'sent' || part === 'delivered')) return 'sent';
  return parts.some((part) => part === 'accepted') ? 'accepted' : undefined;
}

/** A PIN has four digits or more; a price in the same text may be read. */
const SECRET_DIGITS = /\d{4,}/g;
const SECRET_TEXT = '•••••';

/** What a log or a story shows of a text. */
export function shownText(message: { readonly body: string; readonly secret: boolean }): string {
  return message.secret ? message.body.replace(SECRET_DIGITS, SECRET_TEXT) : message.body;
}

/** What a sender has in hand is queued, to whoever looks from outside, and an older version's word means what ours does. */
const SHOWN_AS: Readonly<Partial<Record<SmsState, SmsState>>> = {
  claimed: 'queued',
  failed: 'rejected',
};

export const shownState = (state: SmsState): SmsState => SHOWN_AS[state] ?? state;

export const SHOWN_STATES: readonly SmsState[] = ALL_STATES.filter(
  (state) => shownState(state) === state,
);

/** All states that are shown as this one. */
export function statesShownAs(shown: SmsState): readonly SmsState[] {
  return ALL_STATES.filter((state) => shownState(state) === shown);
}

/** The id that its caller gave it; null where he named the request only. */
export function ownReference(row: { readonly client_reference: string | null }): string | null {
  const { client_reference: kept } = row;
  return kept?.startsWith(OWN) ? kept.slice(OWN.length) : null;
}

/** How a caller's own id is kept, beside those that are made from an `Idempotency-Key`. */
export const OWN = 'own:';

/** Messages belong to a number, not to a customer: a PIN goes out before anyone is one. */
export function smsId(id: bigint): string {
  return formatId('sms', { customerId: 0n, id });
}

/** Throws `id_malformed`, naming `field`. */
export function parseSmsId(text: string, field = 'sms'): bigint {
  return parseId('sms', text, field).id;
}
