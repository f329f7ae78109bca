import type { Tx } from '#database';
import { changeOf, mayStep } from '#sms/change-messages';
import type { SmsContext } from '#sms/context';
import { storableReport } from '#sms/incoming';
import { advances, isFailure, parseSmsId, type SmsStep, smsId, stateOfParts } from '#sms/message';
import { lockMessages, type MessageChange, type SmsRow, updateMessages } from '#sms/message-store';
import type { ReportedState, StatusReport } from '#sms/provider';
import type { Told } from '#sms/tell-events';
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

const STEPS: Readonly<Record<Exclude<ReportedState, 'not_found'>, SmsStep>> = {
  ...{ accepted: 'accept', sent: 'report_sent', delivered: 'report_delivered' },
  ...{ undelivered: 'report_undelivered', expired: 'report_expired', rejected: 'report_rejected' },
  cancelled: 'report_cancelled',
};

const UNPARK_MOST = 500;
/** Longer than an answer takes to be written down. */
const PARKED_FRESH_MS = 60_000;
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
  const told = reports.filter(({ state }) => state !== 'not_found').map(storableReport);
  if (told.length === 0) return;
  const named = namedMessages(told);
  const providerMessageIds = [...new Set(told.map((report) => report.providerMessageId))];
  const before = await findSubmissions(tx, { provider, providerMessageIds });
  // Messages before their parts, all of them at once, as senders do who write down answers.
  const rows = await lockMessages(tx, [
    ...new Set([...before.map((part) => part.message_id), ...named.keys()]),
  ]);
  const isComplete = named.size === 0 || before.length === providerMessageIds.length;
  if (!isComplete) await adoptNamed(tx, { provider, named, rows });
  // The answer may have been written down while the lock was waited for.
  const all = isComplete ? before : await findSubmissions(tx, { provider, providerMessageIds });
  // An id that has come to mean another message meanwhile is looked at again.
  const found = all.filter((part) => rows.some((row) => row.id === part.message_id));
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
  if (found.length > 0) await applyToParts(context, tx, { found, rows, told });
}

/**
 * Reports that came before the answer to their submission: by now it may have been written down. Only fresh ones are
 * looked at unless `all` are wanted: those that belong to nobody would be looked up again and again for days.
 */
export async function matchParked(
  context: SmsContext,
  { all = false }: { readonly all?: boolean } = {},
): Promise<number> {
  const since = all ? new Date(0) : new Date(context.clock.nowMs() - PARKED_FRESH_MS);
  return context.database.transaction(async (tx) => {
    const parked = await unparkReports(tx, { since, most: UNPARK_MOST });
    const byProvider = Map.groupBy(parked, (one) => one.provider);
    const ids: bigint[] = [];
    for (const [provider, some] of byProvider) {
      const providerMessageIds = some.map((one) => one.providerMessageId);
      const found = await findSubmissions(tx, { provider, providerMessageIds });
      ids.push(...found.map((part) => part.message_id));
    }
    // Of all providers at once: a message may have been with several.
    await lockMessages(tx, ids);
    for (const [provider, some] of byProvider)
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

/** Messages that the provider called by our own id, and what it calls them. */
function namedMessages(reports: readonly StatusReport[]): ReadonlyMap<bigint, string> {
  return new Map(
    reports.flatMap(({ providerMessageId, sms }) => {
      const id = sms === undefined ? undefined : readId(sms);
      return id === undefined ? [] : [[id, providerMessageId] as const];
    }),
  );
}

interface Adoption {
  readonly provider: string;
  readonly named: ReadonlyMap<bigint, string>;
  readonly rows: readonly SmsRow[];
}

/** Where the answer was lost only our own id tells whose report it is: from now on the provider's does too. */
async function adoptNamed(tx: Tx, { named, provider, rows }: Adoption): Promise<void> {
  const parts = await findParts(tx, [...named.keys()]);
  const isKnown = (row: SmsRow) =>
    parts.some((part) => part.message_id === row.id && part.attempt === row.attempts) ||
    parts.some((part) => part.provider_message_id === named.get(row.id));
  const adopted = rows.filter(
    (row) => named.has(row.id) && row.provider === provider && row.attempts > 0 && !isKnown(row),
  );
  await insertSubmissions(
    tx,
    adopted.map((row) => ({
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
  /** Their messages, locked. */
  readonly rows: readonly SmsRow[];
  readonly told: readonly StatusReport[];
}

async function applyToParts(
  context: SmsContext,
  tx: Tx,
  { found, rows, told }: Application,
): Promise<void> {
  const { clock, rules, teller } = context;
  const now = clock.now();
  const ids = [...new Set(found.map((part) => part.message_id))];
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
  const heardOf = new Set([...changedParts.values()].map((part) => part.message_id));
  await rules.release(
    tx,
    rows
      .filter((row) => row.origin !== 'sender' && heardOf.has(row.id))
      .filter((row) => hasFailedWhole(ofAttempt(row, ofMessage.get(row.id) ?? [])))
      .map(({ id }) => smsId(id)),
    'undelivered',
  );
  await teller.tell(
    tx,
    changed.map((row): Told => ({ row })),
  );
}

const partKey = (part: SubmissionRow) => `${part.message_id} ${part.provider_message_id}`;

const ofAttempt = <Part extends SubmissionRow>(row: SmsRow, parts: readonly Part[]) =>
  parts.filter((part) => part.attempt === row.attempts);

/** None of it is on the handset, nor will be: of a message that came in pieces the person has got something. */
function hasFailedWhole(parts: readonly SubmissionRow[]): boolean {
  return parts.length > 0 && parts.every(({ state }) => isFailure(state));
}

function changeOfParts(
  row: SmsRow,
  all: readonly (SubmissionRow & { readonly reason: string | null })[],
): MessageChange | undefined {
  const parts = ofAttempt(row, all);
  const state = stateOfParts(parts.map((part) => part.state));
  if (state === undefined || state === row.state || !mayStep(row, STEPS[state])) return undefined;
  const error = parts.find((part) => part.state === state && part.reason !== null)?.reason ?? null;
  const open = state === 'accepted' || state === 'sent';
  return changeOf(row, {
    state,
    // It may stand before another one by now, if this one was thought not to have it.
    provider: parts[0]?.provider ?? row.provider,
    error: state === 'delivered' ? null : error,
    ...(open && { nextQuestionAt: row.next_question_at ?? givesUpAt(row) }),
  });
}
