import type { Database } from '#database';
import type { Log } from '#log';
import { type Charged, toOrder, toRefundOrder } from '#payments/charged';
import type { ChargeOutcome, Conversation, Gateway, InquiryOutcome } from '#payments/gateway';
import { askAgainLater, claimInquiries, type PaymentRow } from '#payments/store';
import type { Recorder } from './record-outcomes.ts';

/** Asks the gateway about payments whose outcome is unknown, before anything is sent again. */
export interface Inquirer {
  askDue(): Promise<void>;
}

export interface InquirerOptions {
  readonly database: Database;
  readonly log: Log;
  readonly gateway: Gateway;
  readonly recorder: Recorder;
}

const QUESTIONS_MOST = 50;
const AGAIN_FIRST_MS = 1000;
const AGAIN_MOST_MS = 300_000;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Of cards, behind the first question: gateways know at once, or when their bank does. After it people look at it. */
const CARD_LADDER_MS = [
  ...[5000, MINUTE_MS, 5 * MINUTE_MS, 60 * MINUTE_MS],
  ...[DAY_MS, DAY_MS, DAY_MS, DAY_MS, DAY_MS],
];

function againAfterMs({ inquiries, method }: PaymentRow): number | null {
  if (method === 'card') return CARD_LADDER_MS[inquiries - 1] ?? null;
  return Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(inquiries, 12));
}

function notCarriedOut({ method }: PaymentRow): ChargeOutcome {
  return method === 'card'
    ? { outcome: 'declined', reason: 'gateway_error', class: 'technical' }
    : { outcome: 'declined', reason: 'operator_error' };
}

type Unknown = PaymentRow & { readonly unknown_for_ms: number };

export function createInquirer(options: InquirerOptions): Inquirer {
  const { database, gateway, recorder } = options;

  async function ask(row: Unknown): Promise<void> {
    const keys = { customers: [row.customer_id], ids: [row.id] };
    // Repeating it could take the money only now, after STOP was said: people settle it.
    if (row.stopped_at && gateway.inquiry() === 'repeatIsSafe')
      return askAgainLater(database.pool, { keys, delayMs: null });
    await gateway.take(1, AbortSignal.timeout(gateway.longestMs()));
    const said = await gateway.inquire(toRefundOrder(row) ?? toOrder(row));
    const answer = conclude(said, row);
    if (answer) return recorder.record([answer]);
    await askAgainLater(database.pool, { keys, delayMs: againAfterMs(row) });
  }

  /** What the answer settles; undefined when the question has to be put again. */
  function conclude(said: Conversation<InquiryOutcome>, row: Unknown): Charged | undefined {
    const { result, log } = said;
    switch (result.outcome) {
      case 'accepted':
      case 'authorized':
      case 'conflicted':
      case 'declined':
        return { row, said: { ...said, result } };
      case 'not_found': {
        // It may still be on its way to the operator's book: only time makes "not found" a fact.
        if (row.unknown_for_ms < gateway.settleMs()) return undefined;
        // A charge is tried again by whoever asked for it. A refund is owed: it goes out again, with the same id.
        if (row.kind === 'refund' && !gateway.forgets?.())
          return { row, said: { result: { outcome: 'not_sent', reason: 'not_found' }, log } };
        return { row, said: { result: notCarriedOut(row), log } };
      }
      case 'not_sent':
      case 'unknown':
        return undefined;
    }
  }

  return {
    async askDue() {
      if (gateway.inquiry() === 'none' || !gateway.admits()) return;
      const rows = await claimInquiries(database.pool, {
        gateway: gateway.name,
        leaseMs: gateway.longestMs() * 2,
        most: QUESTIONS_MOST,
      });
      const asked = await Promise.allSettled(rows.map(ask));
      for (const one of asked) {
        if (one.status === 'rejected') options.log.warn({ err: one.reason }, 'an inquiry failed');
      }
    },
  };
}
