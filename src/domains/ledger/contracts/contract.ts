import { fail } from '#ledger/errors';
import type { Share } from './split.ts';

/** How charges for a service through an operator are parted. A version never changes. */
export interface Contract {
  readonly id: bigint;
  readonly service: string;
  readonly operator: string;
  readonly version: number;
  readonly validFrom: Date;
  readonly shares: readonly Share[];
}

/** Hundredths of a per cent of what the customer paid; what is left is the platform's. */
export interface NewContract {
  readonly service: string;
  readonly operator: string;
  readonly validFrom: Date;
  readonly partners: readonly { readonly clientId: string; readonly basisPoints: number }[];
  readonly operatorBasisPoints: number;
  readonly taxBasisPoints: number;
}

const WHOLE = 10_000;
const PARTNERS_MAX = 20;

/** Throws `contract_invalid`, naming the field. */
export function toShares(contract: NewContract): readonly Share[] {
  const { operator, operatorBasisPoints, partners, taxBasisPoints } = contract;
  if (partners.length > PARTNERS_MAX) throw refuse('partners', `must be at most ${PARTNERS_MAX}`);
  const clients = new Set(partners.map(({ clientId }) => clientId));
  if (clients.size < partners.length) throw refuse('partners', 'must name each partner once');
  if (clients.has('')) throw refuse('partners', 'must name their client_id');
  const shares = [
    ...partners.map(({ basisPoints, clientId }) => ({ type: 'payout', clientId, basisPoints })),
    { type: 'operator-share', clientId: operator, basisPoints: operatorBasisPoints },
    { type: 'tax', clientId: '', basisPoints: taxBasisPoints },
  ];
  for (const { basisPoints, type } of shares) {
    if (!Number.isInteger(basisPoints) || basisPoints < 0 || basisPoints > WHOLE)
      throw refuse('shares', `of ${type} must be whole basis points, 0 to ${WHOLE}`);
  }
  const sum = shares.reduce((total, { basisPoints }) => total + basisPoints, 0);
  if (sum > WHOLE)
    throw refuse('shares', `sum to ${sum} basis points: at most ${WHOLE} can be given`);
  return shares.filter(({ basisPoints }) => basisPoints > 0);
}

function refuse(field: string, message: string): Error {
  return fail('contract_invalid', `${field} ${message}.`, { faults: [{ field, message }] });
}
