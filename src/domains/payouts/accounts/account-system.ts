/** A client's account of type `payout`, as the system of accounts names it. */
export interface PayoutAccount {
  /** acc_… */
  readonly account: string;
  readonly clientId: string;
  readonly currency: string;
  readonly label: string;
  /** What can be paid out now: posted, less what is held. */
  readonly balanceMinor: bigint;
}

/** Money that has arrived, and what of it belongs to an account. */
export interface CashFact {
  readonly fact: string;
  /** The statement that brought it: `mobilink/2026-11-25`. */
  readonly reference: string;
  readonly amountMinor: bigint;
}

/**
 * Where the money of a payout goes: `reserve` payout → payout-reserved (the smaller of the amount and the balance),
 * `send` payout-reserved → payout-sent, `pay` payout-sent → clearing, `cancel` payout-reserved → payout, `reject`
 * payout-sent → payout, `return` clearing → payout, `settle` payout → clearing (a rejected payout was paid all the same: a
 * fact, never refused; what the account has not is its debt).
 */
export type Movement = 'reserve' | 'send' | 'pay' | 'cancel' | 'reject' | 'return' | 'settle';

export interface MoveOrder {
  /** Stored before the call: asked again it is the same transfer. */
  readonly transferId: string;
  readonly movement: Movement;
  readonly account: PayoutAccount | Omit<PayoutAccount, 'balanceMinor'>;
  readonly amountMinor: bigint;
  /** The payout's public id: stands on the transfer. */
  readonly reference: string;
}

export type Moved =
  | { readonly outcome: 'moved'; readonly amountMinor: bigint }
  /** There is nothing to be reserved. */
  | { readonly outcome: 'empty' };

/**
 * The system of accounts as payouts need it: a seam with two implementations, in this process and over HTTP. Calls are
 * never made inside a transaction, and each is harmless when it is made again. Throws `unavailable` when nobody answered,
 * and what became of the call is then unknown: it is made again with the same id.
 */
export interface AccountSystem {
  payoutAccounts(clientId: string): Promise<readonly PayoutAccount[]>;
  move(order: MoveOrder): Promise<Moved>;
  /** Takes facts of the account, oldest first, up to the amount; asked again for the same payout it answers the same. */
  takeCash(order: {
    readonly account: string;
    readonly payout: string;
    readonly amountMinor: bigint;
  }): Promise<readonly CashFact[]>;
  /**
   * Gives back what a payout that was not paid had taken. From then on `takeCash` for this payout takes nothing: a call
   * that was under way for too long must not take facts for a payout that has ended.
   */
  returnCash(payout: string): Promise<void>;
}
