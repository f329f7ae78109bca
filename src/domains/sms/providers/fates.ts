import type { SmsFault } from '#sms/provider';

/** What can befall a message at a provider, in words that every kind knows. */
export type SmsFate =
  | 'sent'
  | 'throttled'
  | 'temporary'
  | 'down'
  | 'no_money'
  | 'bad_login'
  | 'bad_sender'
  | 'bad_text'
  | 'bad_number'
  | 'stop_list'
  | 'hang_before'
  | 'hang_after'
  | 'cut_before'
  | 'cut_after'
  | 'error_before'
  | 'error_after'
  | 'garbage';

/** What must come of it: `unknown`, or the classes of which one must be told. */
export type Expected = 'accepted' | 'unknown' | readonly SmsFault[];

export interface FateCase {
  readonly expected: Expected;
  /** Whether the handset has the message in the end. */
  readonly leaves: boolean;
}

/** Nobody may take for certain what is not: what may have left is unknown, whoever carries it. */
export const FATES: Readonly<Record<SmsFate, FateCase>> = {
  sent: { expected: 'accepted', leaves: true },
  throttled: { expected: ['throttled'], leaves: false },
  temporary: { expected: ['temporary', 'throttled'], leaves: false },
  down: { expected: ['temporary', 'throttled'], leaves: false },
  no_money: { expected: ['account'], leaves: false },
  bad_login: { expected: ['account'], leaves: false },
  bad_sender: { expected: ['account', 'message'], leaves: false },
  bad_text: { expected: ['message'], leaves: false },
  bad_number: { expected: ['recipient'], leaves: false },
  stop_list: { expected: ['recipient'], leaves: false },
  hang_before: { expected: 'unknown', leaves: false },
  hang_after: { expected: 'unknown', leaves: true },
  cut_before: { expected: 'unknown', leaves: false },
  cut_after: { expected: 'unknown', leaves: true },
  error_before: { expected: 'unknown', leaves: false },
  error_after: { expected: 'unknown', leaves: true },
  garbage: { expected: 'unknown', leaves: true },
};
