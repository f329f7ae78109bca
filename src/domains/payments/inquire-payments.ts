import type { Database } from '#database';
import type { Log } from '#log';
import { type Charged, toOrder, toRefundOrder } from './charged.ts';
import type { Conversation, Gateway, InquiryOutcome } from './gateway.ts';
import type { Recorder } from './record-outcomes.ts';
import { askAgainLater, claimInquiries, type PaymentRow } from './store.ts';

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
    const delayMs = Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(row.inquiries, 12));
    await askAgainLater(database.pool, { keys, delayMs });
  }

  /** What the answer settles; undefined when the question has to be put again. */
  function conclude(said: Conversation<InquiryOutcome>, row: Unknown): Charged | undefined {
    const { result, log } = said;
    switch (result.outcome) {
      case 'accepted':
      case 'declined':
        return { row, said: { result, log } };
      case 'not_found': {
        // It may still be on its way to the operator's book: only time makes "not found" a fact.
        if (row.unknown_for_ms < gateway.settleMs()) return undefined;
        // A charge is tried again by whoever asked for it. A refund is owed: it goes out again, with the same id.
        if (row.kind === 'refund')
          return { row, said: { result: { outcome: 'not_sent', reason: 'not_found' }, log } };
        return { row, said: { result: { outcome: 'declined', reason: 'operator_error' }, log } };
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
