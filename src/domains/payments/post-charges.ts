import type { Tx } from '#database';
import { AppError } from '#errors';
import { toUuid } from '#ids';
import type { Charge, Ledger } from '#ledger';
import type { Charged } from './charged.ts';
import { paymentId } from './payment.ts';
import type { PaymentRow } from './store.ts';

/** Posts what gateways have taken, in the transaction that records it. */
export interface Posting {
  post(tx: Tx, settled: readonly PaymentRow[]): Promise<void>;
}

/** Looks up contracts and opens accounts: before the transaction, because both may ask the database. */
export async function createPosting(
  { gateway, ledger }: { readonly gateway: { readonly name: string }; readonly ledger: Ledger },
  charged: readonly Charged[],
): Promise<Posting> {
  const rows = charged.filter(({ said }) => said.result.outcome === 'accepted');
  const charges = await ledger.charges(rows.map(({ row }) => toCharge(row, gateway.name)));
  const transferOf = new Map(charges.map((transfer) => [transfer.id, transfer]));
  return {
    async post(tx, settled) {
      const transfers = settled.flatMap((row) => {
        const transfer = row.state === 'accepted' ? transferOf.get(transferId(row)) : undefined;
        return transfer ? [transfer] : [];
      });
      const posting = await ledger.post(tx, transfers);
      if (posting.outcome === 'posted') return;
      const why = `The ledger refuses ${posting.transfer}: ${posting.reason}.`;
      throw new AppError('internal', 'charge_not_posted', why);
    },
  };
}

function transferId(row: Pick<PaymentRow, 'customer_id' | 'id'>): string {
  return toUuid({ customerId: row.customer_id, id: row.id });
}

function toCharge(row: PaymentRow, gateway: string): Charge {
  return {
    ...{ id: transferId(row), reference: paymentId(row.customer_id, row.id), gateway },
    ...{ amountMinor: row.amount_minor, currency: row.currency, contract: row.allocation },
  };
}
