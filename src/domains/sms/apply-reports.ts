import type { Tx } from '#database';
import { changeOf, mayStep } from './change-messages.ts';
import type { SmsContext } from './context.ts';
import { advances, parseSmsId, type SmsStep, smsId, stateOfParts } from './message.ts';
import { lockMessages, type MessageChange, type SmsRow, updateMessages } from './message-store.ts';
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

export const UNPARK_MOST = 500;
const PARKED_KEPT_MS = 7 * 86_400_000;
export const FORGET_MOST = 5000;

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
  const { found, rows } = await holdMeant(tx, provider, told);
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

interface Meant {
  /** Of messages that are locked. */
  readonly found: readonly SubmissionRow[];
  readonly rows: readonly SmsRow[];
}

/**
 * Locks the messages that reports are of, all at once, before anything is written: who records an answer takes messages
 * first and then their submissions too. What is of a message that was not known to be meant is left to the next time.
 */
async function holdMeant(
  tx: Tx,
  provider: string,
  reports: readonly StatusReport[],
): Promise<Meant> {
  const asked = {
    provider,
    providerMessageIds: [...new Set(reports.map((report) => report.providerMessageId))],
  };
  const before = await findSubmissions(tx, asked);
  const known = new Set(before.map((part) => part.provider_message_id));
  const named = new Map(
    reports.flatMap(({ providerMessageId, sms }) => {
      const id = sms === undefined || known.has(providerMessageId) ? undefined : readId(sms);
      return id === undefined ? [] : [[id, providerMessageId] as const];
    }),
  );
  const meant = new Set([...named.keys(), ...before.map((part) => part.message_id)]);
  if (meant.size === 0) return { found: [], rows: [] };
  const rows = await lockMessages(tx, [...meant]);
  await adoptByOurId(tx, { provider, rows, named });
  const found = named.size === 0 ? before : await findSubmissions(tx, asked);
  return { found: found.filter((part) => meant.has(part.message_id)), rows };
}

/** Where the answer was lost only our own id tells whose report it is: from now on the provider's does too. */
async function adoptByOurId(
  tx: Tx,
  of: {
    readonly provider: string;
    readonly rows: readonly SmsRow[];
    readonly named: ReadonlyMap<bigint, string>;
  },
): Promise<void> {
  const { named, provider, rows } = of;
  if (named.size === 0) return;
  const parts = new Set((await findParts(tx, [...named.keys()])).map((part) => part.message_id));
  await insertSubmissions(
    tx,
    rows.flatMap((row) => {
      const providerMessageId = named.get(row.id);
      if (providerMessageId === undefined || parts.has(row.id)) return [];
      if (row.provider !== provider || row.attempts === 0) return [];
      const { attempts: attempt, id: messageId } = row;
      return [{ provider, providerMessageId, messageId, attempt, part: 0 }];
    }),
  );
}

function readId(sms: string): bigint | undefined {
  try {
    return parseSmsId(sms);
  } catch {
    return undefined;
  }
}

interface Application extends Meant {
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
