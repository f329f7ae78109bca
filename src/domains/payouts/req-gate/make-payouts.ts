import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { type IdSource, uuidV7 } from '#ids';
import { AMOUNT_MAX } from '#ledger';
import type { PayoutAccount } from '#payouts/accounts';
import { fail } from '#payouts/errors';
import { payoutId } from '#payouts/payout';
import { payoutEvents } from '#payouts/topics';
import type { Answer } from './ask-accounts.ts';
import {
  type ClaimedRequest,
  endRequests,
  findOpenPayouts,
  insertPayouts,
  lockClaimed,
  type NewPayout,
  type RequestEnd,
} from './gate-store.ts';

export interface MakePayoutsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** A request and what the system of accounts says of its client. */
export interface Asked {
  readonly request: ClaimedRequest;
  readonly answer: Answer;
}

const ACTOR = 'req-gate';
/** An open payout that we lost to may be closed before we have read its id; then there is room for one again. */
const TRIES_MAX = 5;

/**
 * Ends requests: a payout for each account with a positive balance and no open payout, and what became of each request,
 * in one transaction. What is no longer in this gate's hand is left alone; answers those that were ended.
 */
export function makePayouts(
  options: MakePayoutsOptions,
  { asked, owner }: { readonly asked: readonly Asked[]; readonly owner: string },
): Promise<readonly RequestEnd[]> {
  const { bus, clock, database } = options;
  return database.transaction(async (tx) => {
    const now = clock.now();
    const ids = asked.map(({ request }) => request.id);
    const held = await lockClaimed(tx, { ids, owner });
    const ours = asked.filter(({ request }) => held.has(request.id));
    if (ours.length === 0) return [];
    const wanted = newPayouts(options, ours);
    const open = await openAll(tx, { wanted, mentioned: mentionedBy(ours), now });
    const ends = ours.map((one) => endOf(one, open));
    await endRequests(tx, { ends, now });
    const made = wanted.filter(({ id, account }) => open.get(account.account)?.id === id);
    await bus.publish(
      tx,
      payoutEvents,
      made.map((payout) => eventOf(payout, now)),
    );
    return ends;
  });
}

/** One for each account: of two requests of a client the first makes it, the other one meets it. */
function newPayouts(
  { clock, ids }: MakePayoutsOptions,
  asked: readonly Asked[],
): readonly NewPayout[] {
  const byAccount = new Map<string, NewPayout>();
  for (const { answer, request } of asked) {
    if (answer.outcome !== 'accounts') continue;
    for (const account of answer.accounts) {
      if (account.balanceMinor <= 0n || byAccount.has(account.account)) continue;
      byAccount.set(account.account, {
        ...{ id: ids.next(clock.nowMs()), requestId: request.id, account },
        // What no single transfer could carry is left for the next request.
        amountMinor: account.balanceMinor < AMOUNT_MAX ? account.balanceMinor : AMOUNT_MAX,
        erpId: uuidV7().replaceAll('-', ''),
        ...{ reserveId: uuidV7(), sendId: uuidV7(), payId: uuidV7() },
        ...{ giveBackId: uuidV7(), returnId: uuidV7() },
      });
    }
  }
  return [...byAccount.values()];
}

function mentionedBy(asked: readonly Asked[]): readonly string[] {
  return asked.flatMap(({ answer }) =>
    answer.outcome === 'accounts' ? answer.accounts.map(({ account }) => account) : [],
  );
}

/** The open payout of an account, and which request has made it just now, if any. */
interface OpenPayout {
  readonly id: bigint;
  readonly madeBy: bigint | undefined;
}

type OpenPayouts = ReadonlyMap<string, OpenPayout>;

interface Wanted {
  readonly wanted: readonly NewPayout[];
  /** All accounts that were told, also those without a balance: it may lie in an open payout. */
  readonly mentioned: readonly string[];
  readonly now: Date;
}

/** Makes what is wanted, or finds the open payout that was there before: afterwards each of these accounts has one. */
async function openAll(tx: Tx, { mentioned, now, wanted }: Wanted): Promise<OpenPayouts> {
  const open = new Map<string, OpenPayout>();
  let missing = wanted;
  for (let tries = 0; missing.length > 0; tries += 1) {
    if (tries === TRIES_MAX)
      throw fail(
        'accounts_unavailable',
        'Payouts of these accounts are made and closed all the time.',
      );
    const made = await insertPayouts(tx, { payouts: missing, now, actor: ACTOR });
    for (const { account, id, requestId } of missing) {
      if (made.has(id)) open.set(account.account, { id, madeBy: requestId });
    }
    const lost = missing.filter(({ id }) => !made.has(id)).map(({ account }) => account.account);
    for (const [account, id] of await findOpenPayouts(tx, lost))
      open.set(account, { id, madeBy: undefined });
    missing = missing.filter(({ account }) => !open.has(account.account));
  }
  const others = mentioned.filter((account) => !open.has(account));
  for (const [account, id] of await findOpenPayouts(tx, others))
    open.set(account, { id, madeBy: undefined });
  return open;
}

function endOf({ answer, request }: Asked, open: OpenPayouts): RequestEnd {
  if (answer.outcome === 'error') return { id: request.id, error: answer.error };
  const accounts: readonly PayoutAccount[] = answer.outcome === 'accounts' ? answer.accounts : [];
  const payouts = accounts.flatMap(({ account }) => {
    const payout = open.get(account);
    return payout ? [payout] : [];
  });
  const made = payouts.filter(({ madeBy }) => madeBy === request.id);
  const met = payouts.filter(({ madeBy }) => madeBy !== request.id);
  const names = (some: readonly OpenPayout[]) => some.map(({ id }) => payoutId(id));
  const outcome = { made: names(made), met: names(met) };
  if (payouts.length > 0) return { id: request.id, outcome };
  const reason = accounts.length === 0 ? 'no_account' : 'no_balance';
  return { id: request.id, outcome: { ...outcome, reason } };
}

function eventOf({ account, amountMinor, id }: NewPayout, now: Date) {
  const payout = payoutId(id);
  return {
    key: payout,
    payload: {
      ...{ event: 'created', payout, client_id: account.clientId, state: 'new' },
      // No more than AMOUNT_MAX, which a number holds exactly.
      ...{ amount_minor: Number(amountMinor), currency: account.currency, at: now.toISOString() },
    },
  };
}
