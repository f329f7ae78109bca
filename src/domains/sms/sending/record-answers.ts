import type { Tx } from '#database';
import type { TransactionLogEntry } from '#operators';
import { changeOf, mayStep } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { smsId } from '#sms/message';
import { type MessageChange, type SmsRow, updateMessages } from '#sms/message-store';
import type { SmsFault, SmsOutcome, SmsProvider } from '#sms/provider';
import { firstQuestion, insertSubmissions } from '#sms/reports';
import type { Told } from '#sms/tell-events';
import { findLostSubmissions, lockSent } from '#sms/work-store';
import type { Job } from './begin-messages.ts';
import { chooseProvider } from './choose-provider.ts';

/** A message and what its provider answered. */
export interface Sent extends Omit<Job, 'leaveByMs'> {
  readonly result: SmsOutcome;
  readonly log: readonly TransactionLogEntry[];
}

/** Its time was over before its call: nobody was asked to take it. */
export const TOO_LATE: SmsOutcome = {
  ...{ outcome: 'not_sent', fault: 'temporary', reason: 'too_late' },
};

const LOST_MOST = 500;
const RESEND_FIRST_MS = 1000;
const RESEND_MOST_MS = 60_000;
/** No provider takes such a message; the next one need not be bothered. */
const OF_THE_RECIPIENT: SmsFault = 'recipient';

/** Writes down what came of attempts, in one transaction; places of what certainly did not leave are given back. */
export async function recordAnswers(
  context: SmsContext,
  provider: SmsProvider,
  sent: readonly Sent[],
): Promise<void> {
  await context.database.transaction((tx) => settle(context, tx, { provider, sent }));
}

/** Submissions whose sender died become `unknown`: they may have left, so they are not sent again unasked. */
export async function loseAnswers(context: SmsContext, provider: SmsProvider): Promise<number> {
  return context.database.transaction(async (tx) => {
    const lost = await findLostSubmissions(tx, provider.name, LOST_MOST);
    const result: SmsOutcome = { outcome: 'unknown', reason: 'worker_died' };
    const sent = lost.map((row) => ({ row, allowed: [], result, log: [] }));
    if (sent.length > 0) await settle(context, tx, { provider, sent });
    return sent.length;
  });
}

async function settle(
  context: SmsContext,
  tx: Tx,
  { provider, sent }: { readonly provider: SmsProvider; readonly sent: readonly Sent[] },
): Promise<void> {
  const { clock, rules, teller } = context;
  const now = clock.now();
  const rows = await lockSent(
    tx,
    sent.map(({ row }) => row),
  );
  const standing = new Map(rows.map((row) => [row.id, row]));
  // The same attempt, and nobody has told of its end before: a receipt may be faster than the answer.
  const own = sent.flatMap((one) => {
    const row = standing.get(one.row.id);
    return row?.attempts === one.row.attempts ? [{ ...one, row }] : [];
  });
  // An answer that comes after its lease has ended is one all the same, while nobody has told otherwise of this attempt.
  const open = own.filter(
    ({ result, row }) =>
      row.state === 'submitting' ||
      (result.outcome === 'accepted' && mayStep(row, 'accept')) ||
      (result.outcome === 'not_sent' && mayStep(row, 'prove_unsent')),
  );
  const decided = open.map((one) => ({ one, change: changeAfter(context, provider, one) }));
  const changed = await updateMessages(tx, { changes: decided.map(({ change }) => change), now });
  await insertSubmissions(
    tx,
    own.flatMap((one) => submissionsOf(one, provider.name)),
  );
  const unsent = open.filter(({ result }) => result.outcome === 'not_sent');
  await rules.release(
    tx,
    unsent.filter(({ row }) => row.origin !== 'sender').map(({ row }) => smsId(row.id)),
  );
  const notBefore = new Map(decided.map(({ change }) => [change.row.id, change.notBefore]));
  await teller.tell(
    tx,
    changed.map((row): Told => {
      const later = notBefore.get(row.id);
      return { row, ...(later && { notBefore: later }) };
    }),
    sent.flatMap(({ log }) => log),
  );
}

function submissionsOf({ result, row }: Sent, provider: string) {
  if (result.outcome !== 'accepted') return [];
  return result.providerMessageIds.map((providerMessageId, part) => ({
    ...{ provider, providerMessageId, messageId: row.id, attempt: row.attempts, part },
  }));
}

function changeAfter(context: SmsContext, provider: SmsProvider, sent: Sent): MessageChange {
  const { result, row } = sent;
  const { capabilities } = provider;
  const now = context.clock.now();
  if (result.outcome === 'accepted') {
    const silent = capabilities.receipts === 'none';
    return changeOf(row, {
      state: silent ? 'sent' : 'accepted',
      provider: provider.name,
      providerMessageId: result.providerMessageIds[0] ?? null,
      nextQuestionAt: silent ? null : firstQuestion(capabilities, { state: 'accepted', now, row }),
      closed: silent,
    });
  }
  if (result.outcome === 'unknown') {
    const nextQuestionAt = firstQuestion(capabilities, { state: 'unknown', now, row });
    const closed = nextQuestionAt === null;
    return changeOf(row, { state: 'unknown', error: result.reason, nextQuestionAt, closed });
  }
  return changeUnsent(context, sent, result);
}

/** It certainly did not leave: the next provider, or the same one later, or the end. */
function changeUnsent(
  { clock, routes }: SmsContext,
  { allowed, row }: Sent,
  result: SmsOutcome & { readonly outcome: 'not_sent' },
): MessageChange {
  const { fault, reason } = result;
  if (row.cancel_asked_at !== null)
    return changeOf(row, { state: 'cancelled', error: 'cancelled' });
  // Its provider is as good as before; the rules say when it may go.
  if (result === TOO_LATE) return changeOf(row, { state: 'queued', error: reason });
  const tried = [...new Set([...row.tried, row.provider])];
  if (fault === OF_THE_RECIPIENT) return changeOf(row, { state: 'rejected', error: reason });
  const next = chooseProvider(allowed, { routes, tried });
  // One that takes nothing now is no way out for a message that this provider may take in a moment.
  const isLost = fault === 'account' || fault === 'message';
  if (next !== undefined && next !== row.provider && (isLost || routes.admits(next)))
    return changeOf(row, { state: 'queued', provider: next, tried, error: reason });
  if (fault === 'message') return changeOf(row, { state: 'rejected', error: reason });
  const notBefore = new Date(clock.nowMs() + resendAfterMs(row, result.retryAfterMs));
  // All have been tried: from the first again.
  const provider = chooseProvider(allowed, { routes, tried: [] }) ?? row.provider;
  return changeOf(row, { state: 'queued', provider, tried: [], notBefore, error: reason });
}

function resendAfterMs(row: SmsRow, retryAfterMs = 0): number {
  const backoffMs = RESEND_FIRST_MS * 2 ** Math.min(row.attempts, 10);
  return Math.max(retryAfterMs, Math.min(RESEND_MOST_MS, backoffMs));
}
