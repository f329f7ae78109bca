import type { Tx } from '#database';
import type { CashFact } from '#payouts/accounts';

/** A payout to be made by the ERP. */
export interface ErpOrder {
  /** Names it in both directions, the same however often it is sent. */
  readonly erpId: string;
  /** po_… */
  readonly payout: string;
  readonly clientId: string;
  readonly account: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly facts: readonly CashFact[];
  readonly at: Date;
}

/**
 * The way to whoever pays: a seam. `send` is given the transaction that makes the payouts `in_flight`, so they are
 * handed over if and only if it commits; it calls nobody. What becomes of them comes back as statuses.
 */
export interface ErpGate {
  readonly name: string;
  send(tx: Tx, orders: readonly ErpOrder[]): Promise<void>;
}
