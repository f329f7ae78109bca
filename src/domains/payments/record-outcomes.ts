import { type Bus, type Outgoing, type Parcel, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { type Operators, type TransactionLogEntry, transactionLog } from '#operators';
import type { Charged } from './charged.ts';
import type { ChargeOutcome, Gateway } from './gateway.ts';
import { paymentId } from './payment.ts';
import { type AttemptResult, findLostSendings, type PaymentRow, settleAttempts } from './store.ts';
import {
  type PaymentEvent,
  type PaymentResponse,
  paymentEvents,
  paymentRequests,
  paymentResponses,
} from './topics.ts';

/** Writes down what came of attempts, and tells everyone, in one transaction. */
export interface Recorder {
  record(charged: readonly Charged[]): Promise<void>;
  /** Attempts whose worker died while they were under way become `unknown`. */
  loseAnswers(): Promise<void>;
  /** Publishes the end of payments that ended without an attempt. */
  publishEnds(
    tx: Tx,
    rows: readonly PaymentRow[],
    log: readonly TransactionLogEntry[],
  ): Promise<void>;
}

export interface RecorderOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  readonly gateway: Gateway;
}

/** A lost answer is asked about soon: most operators know at once. */
const FIRST_QUESTION_MS = 1000;
const LOST_MOST = 500;
/** Not sent for certain: tried again soon, then less and less often, until `not_after`. */
const RESEND_FIRST_MS = 1000;
const RESEND_MOST_MS = 60_000;

export function createRecorder(options: RecorderOptions): Recorder {
  const { bus, clock, database, gateway, log, metrics, operators } = options;
  const outcomes = metrics.counter('kopek_charges_total', 'Charge attempts by outcome', [
    'gateway',
    'outcome',
    'reason',
  ]);

  function toResult({ row, said }: Charged): AttemptResult {
    const { result } = said;
    return {
      customerId: row.customer_id,
      id: row.id,
      attempt: row.attempts,
      state: stateAfter(result),
      outcome: result.outcome,
      reason: 'reason' in result ? result.reason : null,
      gatewayReference: (result.outcome === 'accepted' && result.gatewayReference) || null,
      sentAt: row.sent_at,
      askAfterMs:
        result.outcome === 'unknown' && gateway.inquiry() !== 'none' ? FIRST_QUESTION_MS : null,
    };
  }

  async function record(charged: readonly Charged[]): Promise<void> {
    const now = clock.now();
    const results = charged.map(toResult);
    await database.transaction(async (tx) => {
      const settled = await settleAttempts(tx, { results, now });
      const postpaid = settled.filter((row) => row.reason === 'postpaid_not_allowed');
      await operators.addToNumberList(tx, {
        ...{ list: 'postpaid', reason: `${gateway.name} said so`, at: now },
        msisdns: postpaid.map((row) => row.msisdn),
      });
      await publishEnds(
        tx,
        settled,
        charged.flatMap((one) => one.said.log),
      );
    });
    for (const one of results) {
      outcomes.inc({ gateway: gateway.name, outcome: one.outcome, reason: one.reason ?? '' });
    }
  }

  async function publishEnds(
    tx: Tx,
    rows: readonly PaymentRow[],
    entries: readonly TransactionLogEntry[],
  ): Promise<void> {
    const now = clock.now();
    const at = now.toISOString();
    const responses: Outgoing<PaymentResponse>[] = [];
    const events: Outgoing<PaymentEvent>[] = [];
    for (const row of rows) {
      if (row.state === 'new') continue;
      const key = row.customer_id.toString();
      events.push({ key, payload: toEvent(row, gateway.name, at) });
      if (row.state !== 'unknown') responses.push({ key, payload: toResponse(row, at) });
    }
    const again = rows.filter((row) => row.state === 'new');
    const parcels: Parcel[] = [
      parcel(paymentResponses(gateway.name), responses),
      parcel(paymentEvents, events),
      parcel(
        paymentRequests(gateway.name),
        again.map((row) => resend(row, now)),
      ),
    ];
    if (entries.length > 0) {
      const key = entries[0]?.reference ?? '';
      parcels.push(parcel(transactionLog, [{ key, payload: { entries: [...entries] } }]));
    }
    await bus.publishAll(tx, parcels);
  }

  return {
    record,
    publishEnds,
    async loseAnswers() {
      const now = clock.now();
      await database.transaction(async (tx) => {
        const lost = await findLostSendings(tx, { gateway: gateway.name, most: LOST_MOST });
        if (lost.length === 0) return;
        log.warn(
          { payments: lost.length },
          'charges were under way when their worker died: unknown',
        );
        const result: ChargeOutcome = { outcome: 'unknown', reason: 'worker_died' };
        const results = lost.map((row) => toResult({ row, said: { result, log: [] } }));
        await publishEnds(tx, await settleAttempts(tx, { results, now }), []);
      });
    },
  };
}

function stateAfter(result: ChargeOutcome): AttemptResult['state'] {
  return result.outcome === 'not_sent' ? 'new' : result.outcome;
}

function resend(row: PaymentRow, now: Date) {
  const delayMs = Math.min(RESEND_MOST_MS, RESEND_FIRST_MS * 2 ** Math.min(row.attempts, 10));
  return {
    key: row.customer_id.toString(),
    priority: row.priority,
    notBefore: new Date(now.getTime() + delayMs),
    payload: {
      payment: paymentId(row.customer_id, row.id),
      kind: 'charge' as const,
      not_after: row.not_after.toISOString(),
    },
  };
}

function toResponse(row: PaymentRow, at: string): PaymentResponse {
  return {
    payment: paymentId(row.customer_id, row.id),
    reference: row.reference,
    msisdn: row.msisdn,
    amount_minor: Number(row.amount_minor),
    currency: row.currency,
    outcome: row.state as PaymentResponse['outcome'],
    ...(row.reason === null ? {} : { reason: row.reason }),
    at,
  };
}

export function toEvent(row: PaymentRow, gateway: string, at: string): PaymentEvent {
  return {
    event: row.state,
    payment: paymentId(row.customer_id, row.id),
    reference: row.reference,
    msisdn: row.msisdn,
    amount_minor: Number(row.amount_minor),
    currency: row.currency,
    ...(row.reason === null ? {} : { reason: row.reason }),
    gateway,
    at,
  };
}
