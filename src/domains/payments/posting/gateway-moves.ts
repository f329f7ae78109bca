import { hash } from 'node:crypto';
import { must } from '#errors';
import { type Account, credit, debit, type Ledger, type Transfer } from '#ledger';

/** Money that a gateway holds for another reason than a charge that was asked for, or keeps. */
export interface GatewayMove {
  /** What makes it the same when it is told again. */
  readonly id: string;
  readonly kind: MoveKind;
  /** `pay_…` where it is about a payment. */
  readonly reference: string;
  readonly gateway: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

type Side = 'receivable' | 'suspense' | 'disputed' | 'fees';

/** Debit and credit of each. All of these accounts are the gateway's. */
const SIDES = {
  /** Taken, and not what was asked for. */
  conflict: ['receivable', 'suspense'],
  /** It went back at the gateway, or people have said what it was. */
  'conflict-over': ['suspense', 'receivable'],
  'gateway-fee': ['fees', 'receivable'],
  'dispute-fee': ['fees', 'receivable'],
  'dispute-held': ['disputed', 'receivable'],
  'dispute-over': ['receivable', 'disputed'],
  /** Won after it was lost and given back of everybody's share: people say whose it is. */
  'dispute-won-late': ['receivable', 'suspense'],
} as const satisfies Readonly<Record<string, readonly [Side, Side]>>;

export type MoveKind = keyof typeof SIDES;

/** Opens the accounts: call it before a transaction begins. It has happened at the gateway, so no balance refuses it. */
export async function toTransfers(
  ledger: Pick<Ledger, 'open'>,
  moves: readonly GatewayMove[],
): Promise<readonly Transfer[]> {
  if (moves.length === 0) return [];
  const accounts = await ledger.open(
    moves.flatMap(({ currency, gateway, kind }) =>
      SIDES[kind].map((type) => ({ type, clientId: gateway, currency })),
    ),
  );
  const accountAt = (at: number): Account => {
    const account = accounts[at];
    must(account, 'an account for each name');
    return account;
  };
  return moves.map(({ amountMinor, id, kind, reference }, at) => ({
    ...{ id, kind, reference, fact: true },
    lines: [debit(accountAt(2 * at), amountMinor), credit(accountAt(2 * at + 1), amountMinor)],
  }));
}

/** Of a move that its gateway may tell of any number of times. */
export function moveId(kind: MoveKind, ...names: readonly string[]): string {
  const hex = hash('sha256', JSON.stringify([kind, ...names]), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
