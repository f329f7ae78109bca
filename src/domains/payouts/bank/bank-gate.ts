import { must } from '#errors';
import type { ErpGate } from '#payouts/erp-gate';
import { insertLines } from './bank-store.ts';

const PREFIX = 'po_';
const ID = /^po_[0-9a-v]{1,13}$/;
const DIGIT_BITS = 5n;

/** Hands payouts to the bank: they wait for the next file, if and only if `tx` commits. */
export function createBankGate(): ErpGate {
  return {
    name: 'iso20022',
    async send(tx, orders) {
      if (orders.length === 0) return;
      await insertLines(
        tx,
        orders.map(({ amountMinor, at, clientId, currency, erpId, payout }) => ({
          ...{ payoutId: rowOf(payout), erpId, reference: payout },
          ...{ clientId, currency, amountMinor, readyAt: at },
        })),
      );
    },
  };
}

function rowOf(payout: string): bigint {
  must(ID.test(payout), `${payout} is the id of a payout`);
  return [...payout.slice(PREFIX.length)].reduce(
    (sum, digit) => (sum << DIGIT_BITS) | BigInt(Number.parseInt(digit, 32)),
    0n,
  );
}
