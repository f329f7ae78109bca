import { type Executor, sql, type Tx } from '#database';
import type { PayoutAccount } from '#payouts/accounts';
import type { RequestOutcome } from '#payouts/requests';

/** A request in the hands of a gate. */
export interface ClaimedRequest {
  readonly id: bigint;
  readonly client_id: string;
  /** How often the system of accounts did not answer about it. */
  readonly attempts: number;
}

/**
 * Takes new requests that are due and in nobody's hand, the oldest first, for `leaseMs`: one statement, which waits for
 * no other gate.
 */
export async function claimRequests(
  executor: Executor,
  input: {
    readonly owner: string;
    readonly leaseMs: number;
    readonly limit: number;
    readonly now: Date;
  },
): Promise<readonly ClaimedRequest[]> {
  const { leaseMs, limit, now, owner } = input;
  const { rows } = await sql<ClaimedRequest>`
    select * from payouts.claim_requests(${owner}, ${leaseMs}, ${limit}, ${now})`.execute(executor);
  return rows.toSorted((left, right) => (left.id < right.id ? -1 : 1));
}

/** Of these, those that are still in this gate's hand; nobody takes them until the transaction ends. */
export async function lockClaimed(
  tx: Tx,
  { ids, owner }: { readonly ids: readonly bigint[]; readonly owner: string },
): Promise<ReadonlySet<bigint>> {
  const { rows } = await sql<{ id: bigint }>`
    select id from payouts.request
    where id = any (${ids}::bigint[]) and owner = ${owner} and status = 'new'
    order by id for no key update`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

/** A payout to be made, with the ids of all that may ever be done with its money. */
export interface NewPayout {
  readonly id: bigint;
  readonly requestId: bigint;
  readonly account: PayoutAccount;
  readonly amountMinor: bigint;
  readonly erpId: string;
  readonly reserveId: string;
  readonly sendId: string;
  readonly payId: string;
  readonly giveBackId: string;
  readonly returnId: string;
}

/**
 * Makes the payouts whose account has no open one, and the first step of each; answers their ids. Written in the order of
 * accounts: of two gates the second waits for the first, and then makes nothing.
 */
export async function insertPayouts(
  tx: Tx,
  input: { readonly payouts: readonly NewPayout[]; readonly now: Date; readonly actor: string },
): Promise<ReadonlySet<bigint>> {
  const { actor, now, payouts } = input;
  if (payouts.length === 0) return new Set();
  const column = <Value>(read: (payout: NewPayout) => Value) => payouts.map(read);
  const { rows } = await sql<{ id: bigint }>`
    with made as (
      insert into payouts.payout (id, request_id, client_id, account, currency, label, amount_minor, erp_id,
        reserve_id, send_id, pay_id, give_back_id, return_id, created_at)
      select n.*, ${now} from unnest(
        ${column((one) => one.id)}::bigint[], ${column((one) => one.requestId)}::bigint[],
        ${column((one) => one.account.clientId)}::text[], ${column((one) => one.account.account)}::text[],
        ${column((one) => one.account.currency)}::text[], ${column((one) => one.account.label)}::text[],
        ${column((one) => one.amountMinor)}::bigint[], ${column((one) => one.erpId)}::text[],
        ${column((one) => one.reserveId)}::uuid[], ${column((one) => one.sendId)}::uuid[],
        ${column((one) => one.payId)}::uuid[], ${column((one) => one.giveBackId)}::uuid[],
        ${column((one) => one.returnId)}::uuid[]
      ) as n (id, request_id, client_id, account, currency, label, amount_minor, erp_id, reserve_id, send_id, pay_id,
        give_back_id, return_id)
      order by n.account
      on conflict (account) where closed_at is null do nothing
      returning id, state, amount_minor
    ), stepped as (
      insert into payouts.step (payout_id, number, step, from_state, to_state, actor, detail, at)
      select id, 1, 'create', state, state, ${actor}, jsonb_build_object('amount_minor', amount_minor), ${now} from made
    )
    select id from made`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

/** The open payouts of these accounts, by account. */
export async function findOpenPayouts(
  executor: Executor,
  accounts: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  if (accounts.length === 0) return new Map();
  const { rows } = await sql<{ account: string; id: bigint }>`
    select account, id from payouts.payout
    where account = any (${accounts}::text[]) and closed_at is null`.execute(executor);
  return new Map(rows.map(({ account, id }) => [account, id]));
}

/** What a request ends with: an outcome where it is done, an error where it can not be. */
export interface RequestEnd {
  readonly id: bigint;
  readonly error?: string;
  readonly outcome?: RequestOutcome;
}

/** Ends requests that are locked by this transaction. */
export async function endRequests(
  tx: Tx,
  { ends, now }: { readonly ends: readonly RequestEnd[]; readonly now: Date },
): Promise<void> {
  const outcomes = ends.map(({ outcome }) => (outcome ? JSON.stringify(outcome) : null));
  await sql`
    update payouts.request r
    set status = case when e.error is null then 'done' else 'error' end, error = e.error, outcome = e.outcome::jsonb,
      ended_at = ${now}, owner = null, lease_until = null, next_attempt_at = null
    from unnest(
      ${ends.map(({ id }) => id)}::bigint[], ${ends.map(({ error }) => error ?? null)}::text[], ${outcomes}::text[]
    ) as e (id, error, outcome)
    where r.id = e.id`.execute(tx);
}

/** Puts requests out of this gate's hand: to be taken again at once, or after a while where nobody answered about them. */
export async function giveBackRequests(
  executor: Executor,
  input: {
    readonly owner: string;
    readonly ids: readonly bigint[];
    /** Null: it was not asked about, and nothing is counted. */
    readonly nextAttempts: readonly (Date | null)[];
  },
): Promise<void> {
  const { ids, nextAttempts, owner } = input;
  if (ids.length === 0) return;
  await sql`
    update payouts.request r
    set owner = null, lease_until = null, next_attempt_at = b.next_attempt_at,
      attempts = case when b.next_attempt_at is null then r.attempts else least(r.attempts + 1, 1000) end
    from (
      select r.id, n.next_attempt_at from unnest(${ids}::bigint[], ${nextAttempts}::timestamptz[])
        as n (id, next_attempt_at) join payouts.request r on r.id = n.id
      where r.owner = ${owner} and r.status = 'new' order by r.id for no key update of r
    ) b
    where r.id = b.id`.execute(executor);
}
