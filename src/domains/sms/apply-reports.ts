import type { Tx } from '#database';
import { changeOf, mayStep } from './change-messages.ts';
import type { SmsContext } from './context.ts';
import { advances, parseSmsId, type SmsStep, smsId, stateOfParts } from './message.ts';
import {
  lockMessages,
  type MessageChange,
  readMessages,
  type SmsRow,
  updateMessages,
} from './message-store.ts';
import type { ReportedState, StatusReport } from './provider.ts';
import { givesUpAt } from './question-ladder.ts';
import {
  findParts,
  findSubmissions,
  forgetParked,
  insertSubmissions,
  type ParkedReport,
  parkReports,
  type SubmissionRow,
  unparkReports,
  updateParts,
} from './report-store.ts';
import type { Told } from './tell-events.ts';

const STEPS: Readonly<Record<Exclude<ReportedState, 'not_found'>, SmsStep>> = {
  ...{ accepted: 'accept', sent: 'report_sent', delivered: 'report_delivered' },
  ...{ undelivered: 'report_undelivered', expired: 'report_expired', rejected: 'report_rejected' },
  cancelled: 'report_cancelled',
};

const UNPARK_MOST = 500;
const PARKED_KEPT_MS = 7 * 86_400_000;
const FORGET_MOST = 5000;

/**
 * Applies what a provider says of messages, in the caller's transaction, so that it is stored before the provider is
 * answered. Repeated and late reports change nothing; what belongs to no submission yet is parked.
 */
export async function applyReports(
  context: SmsContext,
  tx: Tx,
  { provider, reports }: { readonly provider: string; readonly reports: readonly StatusReport[] },
): Promise<void> {
  const told = reports.filter(({ state }) => state !== 'not_found');
  if (told.length === 0) return;
  const found = await findOrAdopt(tx, provider, told);
  const known = new Set(found.map((part) => part.provider_message_id));
  await parkReports(tx, {
    now: context.clock.now(),
    reports: told
      .filter((report) => !known.has(report.providerMessageId))
      .map((report) => ({
        ...{ provider, providerMessageId: report.providerMessageId, state: report.state },
        ...{ at: report.at ?? null, reason: report.reason ?? null },
      })),
  });
  if (found.length > 0) await applyToParts(context, tx, { found, told });
}

/** Reports that came before the answer to their submission: by now it may have been written down. */
export async function matchParked(context: SmsContext): Promise<number> {
  return context.database.transaction(async (tx) => {
    const parked = await unparkReports(tx, UNPARK_MOST);
    for (const [provider, some] of Map.groupBy(parked, (one) => one.provider))
      await applyReports(context, tx, { provider, reports: some.map(fromParked) });
    return parked.length;
  });
}

export function forgetParkedReports({ clock, database }: SmsContext): Promise<number> {
  const before = new Date(clock.nowMs() - PARKED_KEPT_MS);
  return forgetParked(database.pool, { before, most: FORGET_MOST });
}

function fromParked({ at, providerMessageId, reason, state }: ParkedReport): StatusReport {
  return {
    ...{ providerMessageId, state },
    ...(at && { at }),
    ...(reason !== null && { reason }),
  };
}

/** The submissions that are meant; one whose answer was lost, or is still to come, is known by our own id. */
async function findOrAdopt(
  tx: Tx,
  provider: string,
  told: readonly StatusReport[],
): Promise<readonly SubmissionRow[]> {
  const providerMessageIds = [...new Set(told.map((report) => report.providerMessageId))];
  const found = await findSubmissions(tx, { provider, providerMessageIds });
  const messageOf = new Map(found.map((part) => [part.provider_message_id, part.message_id]));
  const strangers = told.filter(({ providerMessageId, sms }) => {
    const id = sms === undefined ? undefined : readId(sms);
    return id !== undefined && messageOf.get(providerMessageId) !== id;
  });
  if (strangers.length === 0) return found;
  await adoptByOurId(tx, provider, strangers);
  return findSubmissions(tx, { provider, providerMessageIds });
}

/** Where the answer was lost only our own id tells whose report it is: from now on the provider's does too. */
async function adoptByOurId(
  tx: Tx,
  provider: string,
  reports: readonly StatusReport[],
): Promise<void> {
  const named = new Map(
    reports.flatMap(({ providerMessageId, sms }) => {
      const id = sms === undefined ? undefined : readId(sms);
      return id === undefined ? [] : [[id, providerMessageId] as const];
    }),
  );
  if (named.size === 0) return;
  const rows = await readMessages(tx, [...named.keys()]);
  const parts = new Set((await findParts(tx, [...named.keys()])).map((part) => part.message_id));
  await insertSubmissions(
    tx,
    rows
      .filter((row) => row.provider === provider && row.attempts > 0 && !parts.has(row.id))
      .map((row) => ({
        ...{ provider, providerMessageId: named.get(row.id) ?? '', messageId: row.id },
        ...{ attempt: row.attempts, part: 0 },
      })),
  );
}

function readId(sms: string): bigint | undefined {
  try {
    return parseSmsId(sms);
  } catch {
    return undefined;
  }
}

interface Application {
  readonly found: readonly SubmissionRow[];
  readonly told: readonly StatusReport[];
}

async function applyToParts(
  context: SmsContext,
  tx: Tx,
  { found, told }: Application,
): Promise<void> {
  const { clock, rules, teller } = context;
  const now = clock.now();
  const ids = [...new Set(found.map((part) => part.message_id))];
  const rows = await lockMessages(tx, ids);
  // Read under the lock: another report of the same message may have been at it.
  const parts = new Map(
    (await findParts(tx, ids)).map((part) => [
      partKey(part),
      { ...part, reason: null as string | null },
    ]),
  );
  const changedParts = new Map<
    string,
    SubmissionRow & { readonly state: ReportedState; readonly at: Date }
  >();
  const partOf = new Map(found.map((part) => [part.provider_message_id, partKey(part)]));
  for (const { at, providerMessageId, reason, state } of told) {
    const key = partOf.get(providerMessageId) ?? '';
    const part = parts.get(key);
    if (!part || !advances(part.state, state)) continue;
    const next = { ...part, state, reason: reason ?? null };
    parts.set(key, next);
    changedParts.set(key, { ...next, at: at ?? now });
  }
  await updateParts(tx, [...changedParts.values()]);
  const ofMessage = Map.groupBy(parts.values(), (part) => part.message_id);
  const changes = rows.flatMap((row) => changeOfParts(row, ofMessage.get(row.id) ?? []) ?? []);
  const changed = await updateMessages(tx, { changes, now });
  await rules.release(
    tx,
    changed
      .filter((row) => row.state === 'undelivered' && row.origin !== 'sender')
      .map(({ id }) => smsId(id)),
    'undelivered',
  );
  await teller.tell(
    tx,
    changed.map((row): Told => ({ row })),
  );
}

const partKey = (part: SubmissionRow) => `${part.message_id} ${part.provider_message_id}`;

function changeOfParts(
  row: SmsRow,
  all: readonly (SubmissionRow & { readonly reason: string | null })[],
): MessageChange | undefined {
  const parts = all.filter((part) => part.attempt === row.attempts);
  const state = stateOfParts(parts.map((part) => part.state));
  if (state === undefined || state === row.state || !mayStep(row, STEPS[state])) return undefined;
  const error = parts.find((part) => part.state === state && part.reason !== null)?.reason ?? null;
  const open = state === 'accepted' || state === 'sent';
  return changeOf(row, {
    state,
    error: state === 'delivered' ? null : error,
    ...(open && { nextQuestionAt: row.next_question_at ?? givesUpAt(row) }),
  });
}
