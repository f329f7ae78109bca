import { must } from '#errors';
import { type Account, credit, debit, type Ledger, parseAccountId } from '#ledger';
import type { AccountSystem, Moved, MoveOrder } from './account-system.ts';

/** The types between which each movement moves, in this order. */
const WAYS: Readonly<Record<MoveOrder['movement'], readonly [string, string]>> = {
  reserve: ['payout', 'payout-reserved'],
  send: ['payout-reserved', 'payout-sent'],
  pay: ['payout-sent', 'clearing'],
  cancel: ['payout-reserved', 'payout'],
  reject: ['payout-sent', 'payout'],
  return: ['clearing', 'payout'],
  settle: ['payout', 'clearing'],
};

/** For tests of the machine: the system of accounts over the ledger of this process. */
export function createTestAccounts(ledger: Ledger): AccountSystem {
  async function find(order: MoveOrder, type: string): Promise<Account> {
    const { clientId, currency, label } = order.account;
    const whose = type === 'clearing' ? { currency } : { clientId, currency, label };
    const [account] = await ledger.open([{ type, ...whose }]);
    must(account, 'an account that was opened is there');
    return account;
  }

  return {
    payoutAccounts: async () => [],
    async move(order): Promise<Moved> {
      const [from, to] = await Promise.all(WAYS[order.movement].map((type) => find(order, type)));
      must(from && to, 'a way has two ends');
      const { amountMinor, movement, reference, transferId: id } = order;
      const posting = await ledger.submit([
        {
          ...{ id, kind: `payout-${movement}`, reference },
          lines: [debit(from, amountMinor), credit(to, amountMinor)],
          ...{ upTo: movement === 'reserve', fact: movement === 'settle' },
        },
      ]);
      if (posting.outcome === 'posted') {
        const [transfer] = await ledger.transfers([id]);
        const moved = transfer?.lines.filter((line) => line.amountMinor > 0n) ?? [];
        return {
          outcome: 'moved',
          amountMinor: moved.reduce((sum, one) => sum + one.amountMinor, 0n),
        };
      }
      if (movement === 'reserve' && posting.reason === 'below_zero') return { outcome: 'empty' };
      throw new Error(`${movement} of ${reference}: ${posting.reason} ${posting.account ?? ''}`);
    },
    takeCash: ({ account, amountMinor, payout: holder }) =>
      ledger.takeCash({ account: parseAccountId(account), holder, amountMinor }),
    returnCash: (payout) => ledger.returnCash(payout),
  };
}
