import { parsePayoutId } from '#payouts/payout';
import type { ErpGate } from '#payouts/statuses';
import { insertLines } from './bank-store.ts';

/** Hands payouts to the bank: they wait for the next file, if and only if `tx` commits. */
export function createBankGate(): ErpGate {
  return {
    name: 'iso20022',
    async send(tx, orders) {
      if (orders.length === 0) return;
      await insertLines(
        tx,
        orders.map(({ amountMinor, at, clientId, currency, erpId, payout }) => ({
          ...{ payoutId: parsePayoutId(payout), erpId, reference: payout },
          ...{ clientId, currency, amountMinor, readyAt: at },
        })),
      );
    },
  };
}
