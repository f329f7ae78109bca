import { must } from '#errors';
import { type Account, accountId, credit, debit, type Ledger, parseAccountId } from '#ledger';
import type { AccountSystem, Moved, MoveOrder } from './account-system.ts';

/** One for each currency and label: a client has a handful. */
const ACCOUNTS_MOST = 1000;

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

/** The system of accounts in this very process, over the ledger's door. */
export function createLedgerAccounts(ledger: Ledger): AccountSystem {
  async function find(order: MoveOrder, type: string): Promise<Account> {
    const { clientId, currency, label } = order.account;
    const whose = type === 'clearing' ? { currency } : { clientId, currency, label };
    const [account] = await ledger.open([{ type, ...whose }]);
    must(account, 'an account that was opened is there');
    return account;
  }

  return {
    async payoutAccounts(clientId) {
      const accounts = await ledger.accounts({ clientId, type: 'payout', limit: ACCOUNTS_MOST });
      return accounts.map((one) => ({
        ...{ account: accountId(one.id), clientId: one.clientId, currency: one.currency },
        ...{ label: one.label, balanceMinor: one.availableMinor },
      }));
    },
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
