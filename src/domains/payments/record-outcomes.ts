import type { Bus } from '#bus';
import type { Clock } from '#clock';
import { afterCommit, beforeCommit, type Database, type Tx } from '#database';
import type { IdSource } from '#ids';
import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators, TransactionLogEntry } from '#operators';
import { createRefundStarter } from './begin-refunds.ts';
import type { Charged } from './charged.ts';
import type { ChargeOutcome, Gateway } from './gateway.ts';
import { isSurplus } from './payment.ts';
import { createPosting, type Posting } from './post-charges.ts';
import { publishOutcomes } from './publish-outcomes.ts';
import { giveBackAgain, refundStopped } from './refund-stopped.ts';
import { releaseRefunds } from './refund-store.ts';
import { cardId, type SavedCards } from './saved-cards.ts';
import { type AttemptResult, findLostSendings, type PaymentRow, settleAttempts } from './store.ts';
import type { PaymentResponse } from './topics.ts';
import { insertTransactions, type NewTransaction } from './transaction-store.ts';

/** Writes down what came of attempts, and tells everyone, in one transaction. */
export interface Recorder {
  record(charged: readonly Charged[]): Promise<void>;
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
  const { clock, database, gateway, log, metrics, operators } = options;
  const labels = ['gateway', 'outcome', 'reason'] as const;
  const counters = {
    charge: metrics.counter('kopek_charges_total', 'Charge attempts by outcome', labels),
    refund: metrics.counter('kopek_refunds_total', 'Refund attempts by outcome', labels),
  };
  const starter = createRefundStarter(options);

  function toResult({ row, said }: Charged): AttemptResult {
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

  async function record(charged: readonly Charged[]): Promise<void> {
    const posting = await createPosting(options, charged);
    await database.transaction((tx) => write(tx, charged, posting));
    count(charged);
  }

  async function write(tx: Tx, charged: readonly Charged[], posting: Posting): Promise<void> {
    const now = clock.now();
    const settled = await settleAttempts(tx, { results: charged.map(toResult), now });
    await insertTransactions(tx, transactionsOf(charged, { settled, gateway: gateway.name, now }));
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
  }

  function count(charged: readonly Charged[]): void {
    for (const one of charged) {
      const { outcome, reason } = toResult(one);
      counters[one.row.kind].inc({ gateway: gateway.name, outcome, reason: reason ?? '' });
    }
  }

  return {
    record,
    async recordIn(tx, charged) {
      await write(tx, charged, await createPosting(options, charged));
      afterCommit(tx, () => count(charged));
    },
    async publishEnds(tx, rows, entries) {
      await releaseRefunds(tx, rows);
      await publishOutcomes(options, tx, { rows, entries });
    },
    async loseAnswers() {
      const now = clock.now();
      await database.transaction(async (tx) => {
        const lost = await findLostSendings(tx, { gateway: gateway.name, most: LOST_MOST });
        if (lost.length === 0) return;
        log.warn(
          { payments: lost.length },
          'payments were under way when their worker died: unknown',
        );
        const result: ChargeOutcome = { outcome: 'unknown', reason: 'worker_died' };
        const results = lost.map((row) => toResult({ row, said: { result, log: [] } }));
        const rows = await settleAttempts(tx, { results, now });
        await publishOutcomes(options, tx, { rows, entries: [] });
      });
    },
  };
}

/** Keeps cards that were left with the gateway, and tells what follows from declines. */
async function saidOfCards(
  { cards, gateway }: RecorderOptions,
  tx: Tx,
  {
    charged,
    settled,
  }: { readonly charged: readonly Charged[]; readonly settled: readonly PaymentRow[] },
) {
  const more = new Map<
    bigint,
    Pick<PaymentResponse, 'card' | 'decline_class' | 'retry_after_ms'>
  >();
  const saidOf = new Map(charged.map((one) => [one.row.id, one]));
  // In one order: who keeps a card holds all cards of its holder.
  const rows = settled
    .filter(({ kind, method }) => method === 'card' && kind === 'charge')
    .toSorted((one, other) => (one.customer_id < other.customer_id ? -1 : 1));
  for (const row of rows) {
    const one = saidOf.get(row.id);
    if (!one) continue;
    const { result } = one.said;
    if (result.outcome === 'declined')
      more.set(row.id, {
        ...(row.card_id !== null && { card: cardId(row.customer_id, row.card_id) }),
        ...(result.class && { decline_class: result.class }),
        ...(result.retryAfterMs !== undefined && { retry_after_ms: result.retryAfterMs }),
      });
    if (result.outcome !== 'accepted' && result.outcome !== 'authorized') continue;
    const card = one.said.facts?.card;
    const kept =
      card && row.offer?.saveCard && cards
        ? await cards.keep(tx, { customerId: row.customer_id, gateway: gateway.name, card })
        : (row.card_id ?? undefined);
    if (kept !== undefined) more.set(row.id, { card: cardId(row.customer_id, kept) });
  }
  return more;
}

/** What gateways call the operations that moved money for these payments. */
function transactionsOf(
  charged: readonly Charged[],
  of: { readonly settled: readonly PaymentRow[]; readonly gateway: string; readonly now: Date },
): readonly NewTransaction[] {
  const factsOf = new Map(charged.map(({ row, said }) => [row.id, said.facts]));
  return of.settled.flatMap((row): readonly NewTransaction[] => {
    const { gateway_reference: transaction, state } = row;
    const moved = state === 'accepted' || state === 'authorized' || state === 'conflicted';
    if (row.method !== 'card' || transaction === null || !moved) return [];
    const facts = factsOf.get(row.id);
    const role =
      state === 'conflicted' ? 'conflict' : isSurplus(row) ? 'surplus' : ('settles' as const);
    return [
      {
        ...{ gateway: of.gateway, transaction, customerId: row.customer_id, paymentId: row.id },
        ...{ kind: row.kind === 'refund' ? 'refund' : 'payment', role, reason: row.reason },
        amountMinor: facts?.amountMinor ?? row.amount_minor,
        ...{ currency: facts?.currency ?? row.currency, at: facts?.at ?? of.now },
      },
    ];
  });
}

function stateAfter(result: ChargeOutcome): AttemptResult['state'] {
  return result.outcome === 'not_sent' ? 'new' : result.outcome;
}
