import type { Database, Executor, Tx } from '#database';
import { AppError, must } from '#errors';
import { toUuid } from '#ids';
import type { Charge, Ledger, Refund } from '#ledger';
import type { Charged } from '#payments/charged';
import { isSurplus, paymentId } from '#payments/payment';
import { findRefundBases, type RefundBasis } from '#payments/refunds';
import type { PaymentRow } from '#payments/store';
import { type GatewayMove, moveId, toTransfers } from './gateway-moves.ts';

/** Posts what gateways have taken and given back, in the transaction that records it. */
export interface Posting {
  post(tx: Tx, settled: readonly PaymentRow[]): Promise<void>;
}

export interface PostingOptions {
  readonly database: Database;
  readonly gateway: { readonly name: string };
  readonly ledger: Ledger;
}

/** Looks up contracts and opens accounts: before the transaction, because both may ask the database. */
export async function createPosting(
  { database, gateway, ledger }: PostingOptions,
  charged: readonly Charged[],
): Promise<Posting> {
  const rows = charged
    .filter(({ said }) => said.result.outcome === 'accepted')
    .map(({ row }) => row);
  const chargeRows = rows.filter((row) => row.kind === 'charge');
  const refundRows = rows.filter((row) => row.kind === 'refund');
  const charges = await ledger.charges(chargeRows.map((row) => toCharge(row, gateway.name)));
  const bases = await readBases(database.pool, refundRows);
  const refunds =
    refundRows.length > 0
      ? await ledger.refunds(refundRows.map((row) => toRefund(row, basisOf(bases, row))))
      : [];
  const transferOf = new Map([...charges, ...refunds].map((transfer) => [transfer.id, transfer]));
  const conflicts = charged.flatMap((one) => conflictOf(one, gateway.name));
  const conflictTransfers = await toTransfers(
    ledger,
    conflicts.map(({ move }) => move),
  );
  return {
    async post(tx, settled) {
      const accepted = settled.filter((row) => row.state === 'accepted');
      await checkBases(tx, bases, accepted);
      const conflicted = new Set(
        settled.filter((row) => row.state === 'conflicted').map(transferId),
      );
      const transfers = [
        ...accepted.map((row) => {
          const transfer = transferOf.get(transferId(row));
          must(transfer, 'what was accepted has its transfer');
          return transfer;
        }),
        ...conflictTransfers.filter((_, at) => conflicted.has(conflicts[at]?.payment ?? '')),
      ];
      if (transfers.length === 0) return;
      const posting = await ledger.post(tx, transfers);
      if (posting.outcome === 'posted') return;
      const why = `The ledger refuses ${posting.transfer}: ${posting.reason}.`;
      throw new AppError('internal', 'payment_not_posted', why);
    },
  };
}

/** What was taken otherwise than asked for lies in an account of its own until people have said what it is. */
function conflictOf(
  { row, said }: Charged,
  gateway: string,
): readonly { readonly payment: string; readonly move: GatewayMove }[] {
  const { facts, result } = said;
  if (result.outcome !== 'conflicted' || result.isReserved || !facts) return [];
  const { amountMinor, currency, transaction } = facts;
  const kind = row.kind === 'refund' ? 'conflict-over' : 'conflict';
  const move: GatewayMove = {
    ...{ id: moveId(kind, gateway, transaction), kind, gateway },
    ...{ reference: paymentId(row.customer_id, row.id), amountMinor, currency },
  };
  return [{ payment: transferId(row), move }];
}

type Bases = ReadonlyMap<string, RefundBasis>;

async function readBases(executor: Executor, rows: readonly PaymentRow[]): Promise<Bases> {
  if (rows.length === 0) return new Map();
  const keys = { customers: rows.map((row) => row.customer_id), ids: rows.map((row) => row.id) };
  const bases = await findRefundBases(executor, keys);
  return new Map(bases.map((basis) => [transferId(basis), basis]));
}

/** At most one refund of a charge is open, so nothing can have been given back since: the parts rest on it. */
async function checkBases(tx: Tx, bases: Bases, accepted: readonly PaymentRow[]): Promise<void> {
  const rows = accepted.filter((row) => row.kind === 'refund');
  const now = await readBases(tx, rows);
  for (const row of rows) {
    const [before, inside] = [basisOf(bases, row), basisOf(now, row)];
    must(before.refunded_minor === inside.refunded_minor, 'one refund of a charge ends at a time');
  }
}

function basisOf(bases: Bases, row: PaymentRow): RefundBasis {
  const basis = bases.get(transferId(row));
  must(basis, 'a refund has its charge');
  return basis;
}

function transferId(row: Pick<PaymentRow, 'customer_id' | 'id'>): string {
  return toUuid({ customerId: row.customer_id, id: row.id });
}

type ChargeColumns = Pick<
  PaymentRow,
  'customer_id' | 'id' | 'amount_minor' | 'currency' | 'allocation' | 'reference'
>;

export function toCharge(row: ChargeColumns, gateway: string): Charge {
  return {
    ...{ id: transferId(row), reference: paymentId(row.customer_id, row.id), gateway },
    ...{ amountMinor: row.amount_minor, currency: row.currency, contract: row.allocation },
    ...(isSurplus(row) && { isUnasked: true }),
  };
}

function toRefund(row: PaymentRow, basis: RefundBasis): Refund {
  return {
    ...{ id: transferId(row), reference: paymentId(row.customer_id, row.id) },
    charge: toCharge(
      { ...basis, id: basis.charge_id, reference: basis.charge_reference },
      basis.gateway,
    ),
    ...{ amountMinor: row.amount_minor, refundedMinor: basis.refunded_minor },
  };
}
