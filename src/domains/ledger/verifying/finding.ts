/** Something in the ledger that can't be: `kind` for a program, `text` a sentence that names the row. */
export interface Finding {
  readonly kind: FindingKind;
  readonly text: string;
}

export type FindingKind =
  | 'account_without_balance'
  | 'balance_differs'
  | 'held_differs'
  | 'below_zero'
  | 'entry_missing'
  | 'running_balance_differs'
  | 'time_goes_back'
  | 'transfer_differs'
  | 'transfer_unbalanced'
  | 'transfer_not_sealed_once'
  | 'sum_not_zero'
  | 'block_missing'
  | 'block_differs';
