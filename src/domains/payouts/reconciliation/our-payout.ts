import type { PayoutState } from '#payouts/payout';

/** What we say of a payout. */
export interface OurPayout {
  /** po_… */
  readonly payout: string;
  readonly erpId: string;
  readonly clientId: string;
  readonly currency: string;
  /** What was set aside; undefined before that. */
  readonly amountMinor: bigint | undefined;
  readonly state: PayoutState;
  /** Its money is being moved at this moment. */
  readonly isMoving: boolean;
  readonly conflict: boolean;
  readonly sentAt: Date | undefined;
  /** When anything was last said of it. */
  readonly heardAt: Date | undefined;
  /** It goes to the bank with the next file. */
  readonly waitsForFile: boolean;
}
