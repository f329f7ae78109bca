import { isTransient, sqlState } from '#database';
import { AppError, messageOf, must } from '#errors';
import {
  type Account,
  type AccountName,
  accountId,
  credit,
  debit,
  type Ledger,
  parseAccountId,
  type Transfer,
} from '#ledger';
import { fail } from '#payouts/errors';
import type { AccountSystem, MoveOrder, PayoutAccount } from './account-system.ts';
import { ACCOUNTS_MAX, ACCOUNTS_PAGE, kindOf, ROUTES, type StageType } from './movement.ts';

/** What of the ledger's door is used. */
export type AccountsDoor = Pick<
  Ledger,
  'accounts' | 'byIds' | 'open' | 'returnCash' | 'submit' | 'takeCash' | 'transfers'
>;

/** The system of accounts in this very process. */
export function createAccountsInProcess(ledger: AccountsDoor): AccountSystem {
  return {
    payoutAccounts: (clientId) => answered(() => listPayoutAccounts(ledger, clientId)),
    move: (order) => answered(() => move(ledger, order)),
    takeCash: (order) => answered(() => takeCash(ledger, order)),
    returnCash: (payout) => answered(() => ledger.returnCash(payout)),
  };
}

/** query_canceled: a statement took too long. */
const STATEMENT_TIMEOUT = '57014';

/** A database that is away, or busy for too long, is a system of accounts that does not answer. */
async function answered<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (!isTransient(error) && sqlState(error) !== STATEMENT_TIMEOUT) throw error;
    throw fail('accounts_unavailable', `The ledger does not answer: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function takeCash(
  ledger: AccountsDoor,
  { account, amountMinor, payout: holder }: Parameters<AccountSystem['takeCash']>[0],
): ReturnType<AccountSystem['takeCash']> {
  try {
    return await ledger.takeCash({ account: parseAccountId(account), holder, amountMinor });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'holder_conflict') throw error;
    throw fail('movement_conflict', `${holder} has asked for other cash facts before.`);
  }
}

async function listPayoutAccounts(
  ledger: AccountsDoor,
  clientId: string,
): Promise<readonly PayoutAccount[]> {
  const found: PayoutAccount[] = [];
  let after = 0n;
  for (;;) {
    const page = await ledger.accounts({ clientId, type: 'payout', after, limit: ACCOUNTS_PAGE });
    found.push(
      ...page.map((one) => ({
        ...{ account: accountId(one.id), clientId: one.clientId, currency: one.currency },
        ...{ label: one.label, balanceMinor: one.availableMinor },
      })),
    );
    if (found.length > ACCOUNTS_MAX) {
      throw fail('accounts_too_many', `The client has more than ${ACCOUNTS_MAX} payout accounts.`);
    }
    if (page.length < ACCOUNTS_PAGE) return found;
    after = page.at(-1)?.id ?? after;
  }
}

async function move(ledger: AccountsDoor, order: MoveOrder): ReturnType<AccountSystem['move']> {
  const { amountMinor, movement, reference, transferId } = order;
  const { from, to } = await stagesOf(ledger, order);
  const transfer: Transfer = {
    ...{ id: transferId, kind: kindOf(movement), reference },
    lines: [debit(from, amountMinor), credit(to, amountMinor)],
    ...(movement === 'reserve' && { upTo: true }),
    ...(movement === 'settle' && { fact: true }),
  };
  const posting = await ledger.submit([transfer]);
  if (posting.outcome === 'refused') return refused(order, posting.reason);
  if (movement !== 'reserve') return { outcome: 'moved', amountMinor };
  // How much it came to, only the journal knows: also when it was posted long before.
  const [posted] = await ledger.transfers([transferId]);
  const line = posted?.lines.find(({ account }) => account === from.id);
  must(line, 'a transfer that was posted has its lines');
  return { outcome: 'moved', amountMinor: -line.amountMinor };
}

function refused(
  { movement, reference, transferId }: MoveOrder,
  reason: 'below_zero' | 'conflict' | 'reversed',
): { readonly outcome: 'empty' } {
  if (reason === 'below_zero' && movement === 'reserve') return { outcome: 'empty' };
  if (reason === 'below_zero') {
    throw fail('movement_refused', `${movement} of ${reference}: its account holds less.`);
  }
  throw fail('movement_conflict', `${transferId} stands for another transfer.`);
}

/** The two accounts of a movement; the payout account is there, the others are opened when they are first needed. */
async function stagesOf(
  ledger: AccountsDoor,
  { account, movement }: MoveOrder,
): Promise<{ readonly from: Account; readonly to: Account }> {
  const { clientId, currency } = account;
  const id = parseAccountId(account.account, 'account');
  const payout = (await ledger.byIds([id])).get(id);
  if (payout?.type !== 'payout' || payout.clientId !== clientId || payout.currency !== currency) {
    throw fail(
      'account_unknown',
      `${account.account} is no payout account of ${clientId} in ${currency}.`,
      { faults: [{ field: 'account', message: 'must be a payout account of the client' }] },
    );
  }
  const nameOf = (type: StageType): AccountName =>
    type === 'clearing' ? { type, currency } : { type, clientId, currency, label: payout.label };
  const { from, to } = ROUTES[movement];
  const [first, second] = await ledger.open([nameOf(from), nameOf(to)]);
  must(first && second, 'each name is answered');
  return { from: first, to: second };
}
