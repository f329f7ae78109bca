import { type SmsState, type SmsStep, smsSteps } from './message.ts';
import type { MessageChange, SmsRow } from './message-store.ts';

const CLOSED: ReadonlySet<SmsState> = new Set([
  ...(['delivered', 'undelivered', 'expired', 'rejected', 'cancelled', 'failed'] as const),
]);

/** A change of a row that the caller has locked. What is not told stays as it is. */
export function changeOf(
  row: SmsRow,
  to: Partial<MessageChange> & { readonly state: SmsState },
): MessageChange {
  return {
    row,
    provider: row.provider,
    tried: row.tried,
    notBefore: null,
    validUntil: null,
    nextQuestionAt: null,
    questions: row.questions,
    providerMessageId: null,
    error: null,
    closed: CLOSED.has(to.state),
    ...to,
  };
}

/** Whether the machine lets this step be taken from where the row stands. */
export function mayStep(row: Pick<SmsRow, 'state'>, step: SmsStep): boolean {
  return smsSteps[row.state][step] !== undefined;
}
