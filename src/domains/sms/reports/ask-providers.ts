import { changeOf, mayStep } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { smsId } from '#sms/message';
import { lockMessages, type SmsRow, updateMessages } from '#sms/message-store';
import type { SmsProvider, SmsQuestion, StatusReport } from '#sms/provider';
import { setQuestions, takeQuestions } from '#sms/work-store';
import { applyReports } from './apply-reports.ts';
import { givesUpAt, nextQuestion, SETTLED_AFTER_MS } from './question-ladder.ts';
import { findParts, type SubmissionRow } from './report-store.ts';

/** Of one hand. */
export const QUESTIONS_MOST = 200;
/** Longer than any provider takes to answer: who dies while asking is followed by the next question then. */
const ANSWER_BY_MS = 120_000;
/** A provider that knows nothing of it twice, long enough after, has never had it. */
const PROOFS_LEAST = 2;

/** Asks providers about messages whose fate is unknown, or of which nothing was heard. Answers how many were asked about. */
export async function askProviders(
  context: SmsContext,
  providers: readonly SmsProvider[],
): Promise<number> {
  const { clock, database } = context;
  if (providers.length === 0) return 0;
  const now = clock.now();
  const rows = await database.transaction((tx) =>
    takeQuestions(tx, {
      ...{ providers: providers.map(({ name }) => name), now, most: QUESTIONS_MOST },
      again: new Date(now.getTime() + ANSWER_BY_MS),
    }),
  );
  const byProvider = Map.groupBy(rows, (row) => row.provider);
  await Promise.all(
    providers.map((provider) => askOne(context, provider, byProvider.get(provider.name) ?? [])),
  );
  return rows.length;
}

async function askOne(
  context: SmsContext,
  provider: SmsProvider,
  rows: readonly SmsRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const { clock, database } = context;
  const now = clock.now();
  const over = rows.filter((row) => givesUpAt(row) <= now);
  await giveUp(context, over);
  const asked = rows.filter((row) => !over.includes(row));
  const reports = (await provider.ask?.(await toQuestions(context, asked))) ?? [];
  await database.transaction((tx) =>
    applyReports(context, tx, { provider: provider.name, reports }),
  );
  const strangers = strangersAmong(asked, reports);
  const proven = asked.filter(
    (row) =>
      strangers.has(row.id) &&
      row.state === 'unknown' &&
      row.questions >= PROOFS_LEAST &&
      now.getTime() - (row.sent_at ?? now).getTime() >= SETTLED_AFTER_MS,
  );
  await sendAgain(context, proven);
  await setQuestions(
    database.pool,
    asked
      .filter((row) => !proven.includes(row))
      .map(({ attempts, id, questions }) => ({ id, attempts, at: nextQuestion(now, questions) })),
  );
}

async function toQuestions(
  { database }: SmsContext,
  rows: readonly SmsRow[],
): Promise<readonly SmsQuestion[]> {
  const parts = Map.groupBy(
    await findParts(
      database.pool,
      rows.map(({ id }) => id),
    ),
    (part) => part.message_id,
  );
  return rows.map((row) => ({
    ...{ sms: smsId(row.id), attempt: row.attempts, recipient: row.recipient, sender: row.sender },
    providerMessageIds: (parts.get(row.id) ?? [])
      .filter((part) => part.attempt === row.attempts)
      .map((part) => part.provider_message_id),
  }));
}

/** Messages that the provider says it has never had. */
function strangersAmong(
  rows: readonly SmsRow[],
  reports: readonly StatusReport[],
): ReadonlySet<bigint> {
  const named = new Set(reports.filter(({ state }) => state === 'not_found').map(({ sms }) => sms));
  return new Set(rows.filter((row) => named.has(smsId(row.id))).map((row) => row.id));
}

/**
 * Proven never to have left: its places in the counters are given back, and it stands before its provider again. The proof
 * is of that attempt, and none where somebody has told of it while the provider was asked.
 */
async function sendAgain(context: SmsContext, proven: readonly SmsRow[]): Promise<void> {
  if (proven.length === 0) return;
  const { clock, database, rules, teller } = context;
  await database.transaction(async (tx) => {
    const rows = await lockMessages(
      tx,
      proven.map(({ id }) => id),
    );
    const asked = new Map(proven.map(({ attempts, id }) => [id, attempts]));
    const known = new Set((await findParts(tx, [...asked.keys()])).map(attemptKey));
    const changes = rows
      .filter((row) => mayStep(row, 'prove_unsent') && row.attempts === asked.get(row.id))
      .filter((row) => !known.has(attemptKey({ message_id: row.id, attempt: row.attempts })))
      .map((row) =>
        row.cancel_asked_at === null
          ? changeOf(row, { state: 'queued', questions: 0, error: 'never_arrived' })
          : changeOf(row, { state: 'cancelled', error: 'cancelled' }),
      );
    const changed = await updateMessages(tx, { changes, now: clock.now() });
    await rules.release(
      tx,
      changed.filter((row) => row.origin !== 'sender').map(({ id }) => smsId(id)),
    );
    await teller.tell(
      tx,
      changed.map((row) => ({ row })),
    );
  });
}

const attemptKey = (of: Pick<SubmissionRow, 'message_id' | 'attempt'>) =>
  `${of.message_id} ${of.attempt}`;

/** Nothing was heard for days: nothing will be. */
async function giveUp(context: SmsContext, over: readonly SmsRow[]): Promise<void> {
  if (over.length === 0) return;
  const { clock, database, teller } = context;
  await database.transaction(async (tx) => {
    const rows = await lockMessages(
      tx,
      over.map(({ id }) => id),
    );
    const changes = rows
      .filter((row) => row.state === 'unknown' || mayStep(row, 'give_up'))
      .filter((row) => givesUpAt(row) <= clock.now())
      .map((row) =>
        changeOf(row, { state: 'unknown', error: row.error ?? 'no_receipt', closed: true }),
      );
    const changed = await updateMessages(tx, { changes, now: clock.now() });
    await teller.tell(
      tx,
      changed.map((row) => ({ row })),
    );
  });
}
