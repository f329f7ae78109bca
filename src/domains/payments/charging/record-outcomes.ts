import type { Bus } from '#bus';
import type { Clock } from '#clock';
import { afterCommit, beforeCommit, type Database, type Tx } from '#database';
import type { IdSource } from '#ids';
import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators, TransactionLogEntry } from '#operators';
import type { SavedCards } from '#payments/cards';
import type { Charged } from '#payments/charged';
import type { ChargeOutcome, Gateway } from '#payments/gateway';
import { createPosting, type Posting } from '#payments/posting';
import { holdFree } from '#payments/presented-store';
import { publishOutcomes } from '#payments/publish-outcomes';
import {
  createRefundStarter,
  giveBackAgain,
  refundStopped,
  releaseRefunds,
} from '#payments/refunds';
import {
  type AttemptResult,
  findLostSendings,
  type PaymentRow,
  settleAttempts,
} from '#payments/store';
import { keepMoved } from './keep-moved.ts';
import { saidOfCards } from './said-of-cards.ts';

/** Writes down what came of attempts, and tells everyone, in one transaction. */
export interface Recorder {
  record(charged: readonly Charged[]): Promise<void>;
  /**
   * As `record`, of payments that nobody holds at this moment, and answers those it has settled: the others are in somebody's
   * hand. It never waits for one payment while it holds another, in whatever order others take them.
   */
  recordFree(charged: readonly Charged[]): Promise<readonly PaymentRow[]>;
  /** As `record`, in the caller's transaction, which holds the payments: for what people do, one at a time. */
  recordIn(tx: Tx, charged: readonly Charged[]): Promise<void>;
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
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  /** Where cards that their holders leave are kept; absent for gateways that know none. */
  readonly cards?: Pick<SavedCards, 'keep'>;
}

/** A lost answer is asked about soon: most operators know at once. */
const FIRST_QUESTION_MS = 1000;
const LOST_MOST = 500;

export function createRecorder(options: RecorderOptions): Recorder {
  const { clock, database, gateway, metrics, operators } = options;
  const labels = ['gateway', 'outcome', 'reason'] as const;
  const counters = {
    charge: metrics.counter('kopek_charges_total', 'Charge attempts by outcome', labels),
    refund: metrics.counter('kopek_refunds_total', 'Refund attempts by outcome', labels),
  };
  const starter = createRefundStarter(options);

  const toResult = (charged: Charged) => toAttempt(charged, gateway);

  async function record(charged: readonly Charged[]): Promise<void> {
    const posting = await createPosting(options, charged);
    await database.transaction((tx) => write(tx, charged, posting));
    count(charged);
  }

  async function recordFree(charged: readonly Charged[]): Promise<readonly PaymentRow[]> {
    const posting = await createPosting(options, charged);
    const keys = {
      customers: charged.map(({ row }) => row.customer_id),
      ids: charged.map(({ row }) => row.id),
    };
    return database.transaction(async (tx) => {
      const free = await holdFree(tx, keys);
      const held = charged.filter(({ row }) => free.has(row.id));
      if (held.length === 0) return [];
      const settled = await write(tx, held, posting);
      const ids = new Set(settled.map(({ id }) => id));
      afterCommit(tx, () => count(held.filter(({ row }) => ids.has(row.id))));
      return settled;
    });
  }

  async function write(tx: Tx, charged: readonly Charged[], posting: Posting) {
    const now = clock.now();
    const settled = await settleAttempts(tx, { results: charged.map(toResult), now });
    await keepMoved(gateway, tx, { charged, settled, now });
    await releaseRefunds(tx, settled);
    const postpaid = settled.filter((row) => row.reason === 'postpaid_not_allowed');
    await operators.addToNumberList(tx, {
      ...{ list: 'postpaid', reason: `${gateway.name} said so`, at: now },
      msisdns: postpaid.map((row) => row.msisdn),
    });
    await publishOutcomes(options, tx, {
      rows: settled,
      entries: charged.flatMap((one) => one.said.log),
      more: await saidOfCards(options, tx, { charged, settled }),
    });
    await refundStopped({ ...options, starter }, tx, settled);
    await giveBackAgain({ ...options, starter }, tx, settled);
    // Last, when the messages are written: the accounts of a gateway are everybody's.
    beforeCommit(tx, () => posting.post(tx, settled));
    return settled;
  }

  function count(charged: readonly Charged[]): void {
    for (const one of charged) {
      const { outcome, reason } = toResult(one);
      counters[one.row.kind].inc({ gateway: gateway.name, outcome, reason: reason ?? '' });
    }
  }

  return {
    ...{ record, recordFree },
    async recordIn(tx, charged) {
      await write(tx, charged, await createPosting(options, charged));
      afterCommit(tx, () => count(charged));
    },
    async publishEnds(tx, rows, entries) {
      await releaseRefunds(tx, rows);
      await publishOutcomes(options, tx, { rows, entries });
    },
    loseAnswers: () => loseAnswers(options),
  };
}

async function loseAnswers(options: RecorderOptions): Promise<void> {
  const { clock, database, gateway, log } = options;
  const now = clock.now();
  await database.transaction(async (tx) => {
    const lost = await findLostSendings(tx, { gateway: gateway.name, most: LOST_MOST });
    if (lost.length === 0) return;
    log.warn({ payments: lost.length }, 'payments were under way when their worker died: unknown');
    const result: ChargeOutcome = { outcome: 'unknown', reason: 'worker_died' };
    const results = lost.map((row) => toAttempt({ row, said: { result, log: [] } }, gateway));
    const rows = await settleAttempts(tx, { results, now });
    await publishOutcomes(options, tx, { rows, entries: [] });
  });
}

function toAttempt({ row, said }: Charged, gateway: Gateway): AttemptResult {
  const { result } = said;
  return {
    customerId: row.customer_id,
    id: row.id,
    attempt: row.attempts,
    state: stateAfter(result),
    outcome: result.outcome,
    reason: 'reason' in result ? result.reason : null,
    gatewayReference: ('gatewayReference' in result && result.gatewayReference) || null,
    ...{ sentAt: row.sent_at, amountMinor: row.amount_minor },
    askAfterMs:
      result.outcome === 'unknown' && gateway.inquiry() !== 'none' ? FIRST_QUESTION_MS : null,
  };
}

function stateAfter(result: ChargeOutcome): AttemptResult['state'] {
  return result.outcome === 'not_sent' ? 'new' : result.outcome;
}
