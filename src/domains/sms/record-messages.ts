import { type Bus, type Parcel, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { type TransactionLogEntry, transactionLog } from '#operators';
import { type SmsState, shownText, smsId } from './message.ts';
import type { SmsFault, SmsOutcome, SmsProvider } from './provider.ts';
import { findLostSubmissions, type SmsResult, type SmsRow, settleMessages } from './store.ts';
import { type SmsEvent, smsEvents, smsRequests } from './topics.ts';

/** A message and what its provider said of it. */
export interface Sent {
  readonly row: SmsRow;
  readonly result: SmsOutcome;
  readonly log: readonly TransactionLogEntry[];
}

export interface MessageRecorder {
  record(sent: readonly Sent[]): Promise<void>;
  /** Submissions whose worker died become `unknown`: they may have left, so they are not sent again. */
  loseAnswers(): Promise<number>;
  publish(tx: Tx, rows: readonly SmsRow[], log: readonly TransactionLogEntry[]): Promise<void>;
}

export interface MessageRecorderOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly provider: SmsProvider;
}

const LOST_MOST = 500;
const RESEND_FIRST_MS = 1000;
const RESEND_MOST_MS = 60_000;

export function createMessageRecorder(options: MessageRecorderOptions): MessageRecorder {
  const { bus, clock, database, provider } = options;

  async function settle(tx: Tx, sent: readonly Sent[]): Promise<void> {
    const results = sent.map(toResult);
    const rows = await settleMessages(tx, { results, now: clock.now() });
    await publish(
      tx,
      rows,
      sent.flatMap((one) => one.log),
    );
  }

  async function publish(tx: Tx, rows: readonly SmsRow[], log: readonly TransactionLogEntry[]) {
    const now = clock.now();
    const again = rows.filter((row) => row.state === 'queued');
    const ended = rows.filter((row) => row.state !== 'queued');
    const parcels: Parcel[] = [
      parcel(
        smsEvents,
        ended.map((row) => ({ key: row.recipient, payload: toEvent(row, now.toISOString()) })),
      ),
      parcel(
        smsRequests(provider.name),
        again.map((row) => resend(row, now)),
      ),
    ];
    if (log.length > 0) {
      const key = log[0]?.reference ?? '';
      parcels.push(parcel(transactionLog, [{ key, payload: { entries: [...log] } }]));
    }
    await bus.publishAll(tx, parcels);
  }

  return {
    publish,
    record: (sent) => database.transaction((tx) => settle(tx, sent)),
    loseAnswers: () =>
      database.transaction(async (tx) => {
        const lost = await findLostSubmissions(tx, provider.name, LOST_MOST);
        const result: SmsOutcome = { outcome: 'unknown', reason: 'worker_died' };
        if (lost.length > 0)
          await settle(
            tx,
            lost.map((row) => ({ row, result, log: [] })),
          );
        return lost.length;
      }),
  };
}

/** Faults of the message itself: it would be refused again. */
const FINAL_FAULTS: ReadonlySet<SmsFault> = new Set(['account', 'recipient', 'message']);

function stateAfter(result: SmsOutcome): SmsState {
  if (result.outcome === 'accepted') return 'sent';
  if (result.outcome === 'unknown') return 'unknown';
  return FINAL_FAULTS.has(result.fault) ? 'failed' : 'queued';
}

function toResult({ row, result }: Sent): SmsResult {
  return {
    id: row.id,
    attempt: row.attempts,
    state: stateAfter(result),
    providerMessageId: (result.outcome === 'accepted' && result.providerMessageIds[0]) || null,
    error: 'reason' in result ? result.reason : null,
  };
}

function resend(row: SmsRow, now: Date) {
  const delayMs = Math.min(RESEND_MOST_MS, RESEND_FIRST_MS * 2 ** Math.min(row.attempts, 10));
  return {
    key: row.recipient,
    priority: row.priority,
    notBefore: new Date(now.getTime() + delayMs),
    payload: { sms: smsId(row.id) },
  };
}

export function toEvent(row: SmsRow, at: string): SmsEvent {
  return {
    event: row.state,
    sms: smsId(row.id),
    kind: row.kind,
    msisdn: row.recipient,
    ...(row.reference === null ? {} : { reference: row.reference }),
    text: shownText(row),
    ...(row.error === null ? {} : { reason: row.error }),
    at,
  };
}
