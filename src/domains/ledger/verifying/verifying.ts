import type { Tx } from '#database';
import type { Finding } from './finding.ts';
import type { LedgerSize } from './verify-store.ts';

/** How far a verification has come: the part it is in, and of all parts how much is done. */
export interface VerifyProgress {
  readonly part: 'accounts' | 'entries' | 'transfers' | 'blocks';
  readonly done: number;
  readonly total: number;
}

/** What the parts of a verification share. */
export interface Verifying {
  readonly tx: Tx;
  readonly size: LedgerSize;
  readonly account: bigint | null;
  find(kind: Finding['kind'], text: string): void;
  /** So many more steps of the part are done. */
  step(part: VerifyProgress['part'], steps: number): void;
}
