import { deferred, type Executor, prepared, sql, type Tx } from '#database';
import type { SavedCard } from './card-gateway.ts';

/** What a gateway calls an operation, and what we take it for. */
export interface NewTransaction {
  readonly gateway: string;
  readonly transaction: string;
  readonly customerId: bigint;
  readonly paymentId: bigint;
  readonly kind: 'payment' | 'refund';
  readonly role: TransactionRole;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reason: string | null;
  readonly at: Date;
  readonly card?: Pick<SavedCard, 'brand' | 'mask'> | undefined;
}

export type TransactionRole =
  | 'settles'
  | 'surplus'
  | 'conflict'
  | 'declined'
  | 'external'
  | 'returned';

export interface TransactionRow {
  readonly gateway: string;
  readonly transaction: string;
  readonly customer_id: bigint;
  readonly payment_id: bigint;
  readonly kind: NewTransaction['kind'];
  readonly role: TransactionRole;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly reason: string | null;
  readonly at: Date;
  readonly fee_minor: bigint | null;
  readonly card_brand: string | null;
  readonly card_mask: string | null;
}

const COLUMNS =
  sql.raw(`t.gateway, t.transaction, t.customer_id, t.payment_id, t.kind, t.role, t.amount_minor, t.currency,
  t.reason, t.at, t.fee_minor, t.card_brand, t.card_mask`);

/** Writes down those that are not known yet, with what follows in the transaction. */
export async function insertTransactions(tx: Tx, given: readonly NewTransaction[]): Promise<void> {
  if (given.length > 0) await deferred`${insertionOf(given)}`.execute(tx);
}

/** True where it was written for the first time: the same news again changes nothing. */
export async function insertTransaction(tx: Tx, one: NewTransaction): Promise<boolean> {
  const { rows } = await prepared`${insertionOf([one])}`.execute(tx);
  return rows.length > 0;
}

/** One that was declined may be told as something better later. */
function insertionOf(given: readonly NewTransaction[]) {
  const ordered = given.toSorted((one, other) => (one.transaction < other.transaction ? -1 : 1));
  const column = <Key extends keyof NewTransaction>(key: Key) => ordered.map((one) => one[key]);
  return sql`
    insert into payments.gateway_transaction as t (gateway, transaction, customer_id, payment_id, kind, role, amount_minor,
      currency, reason, at, card_brand, card_mask)
    select distinct on (gateway, transaction) * from unnest(
      ${column('gateway')}::text[], ${column('transaction')}::text[], ${column('customerId')}::bigint[],
      ${column('paymentId')}::bigint[], ${column('kind')}::text[], ${column('role')}::text[],
      ${column('amountMinor')}::bigint[], ${column('currency')}::text[], ${column('reason')}::text[],
      ${column('at')}::timestamptz[], ${ordered.map(({ card }) => card?.brand ?? null)}::text[],
      ${ordered.map(({ card }) => card?.mask ?? null)}::text[]
    ) as n (gateway, transaction, customer_id, payment_id, kind, role, amount_minor, currency, reason, at, card_brand, card_mask)
    order by gateway, transaction
    on conflict (gateway, transaction) do update set role = excluded.role, reason = excluded.reason, at = excluded.at,
        amount_minor = excluded.amount_minor, currency = excluded.currency, card_brand = excluded.card_brand,
        card_mask = excluded.card_mask
      where t.role = 'declined' and excluded.role <> 'declined'
    returning t.transaction`;
}

export async function findTransaction(
  executor: Executor,
  of: { readonly gateway: string; readonly transaction: string },
): Promise<TransactionRow | undefined> {
  const { rows } = await sql<TransactionRow>`
    select ${COLUMNS} from payments.gateway_transaction t
    where t.gateway = ${of.gateway} and t.transaction = ${of.transaction}`.execute(executor);
  return rows[0];
}

/** As `findTransaction`, and nobody else changes what it is taken for until the caller commits. */
export async function lockTransaction(
  tx: Tx,
  of: { readonly gateway: string; readonly transaction: string },
): Promise<TransactionRow | undefined> {
  const { rows } = await sql<TransactionRow>`
    select ${COLUMNS} from payments.gateway_transaction t
    where t.gateway = ${of.gateway} and t.transaction = ${of.transaction} for update`.execute(tx);
  return rows[0];
}

export async function changeRole(
  tx: Tx,
  input: { readonly gateway: string; readonly transaction: string; readonly role: TransactionRole },
): Promise<void> {
  await sql`
    update payments.gateway_transaction set role = ${input.role}
    where gateway = ${input.gateway} and transaction = ${input.transaction}`.execute(tx);
}

export interface Fee {
  readonly gateway: string;
  readonly transaction: string;
  readonly feeMinor: bigint;
}

/** Answers the transactions for which their gateway had named no fee before. Locked in one order: of two sets neither waits for both. */
export async function keepFees(tx: Tx, fees: readonly Fee[]): Promise<ReadonlySet<string>> {
  if (fees.length === 0) return new Set();
  const { rows } = await sql<{ transaction: string }>`
    with k as (
      select t.gateway, t.transaction, n.fee_minor
      from unnest(${fees.map((fee) => fee.gateway)}::text[], ${fees.map((fee) => fee.transaction)}::text[],
        ${fees.map((fee) => fee.feeMinor)}::bigint[]) as n (gateway, transaction, fee_minor)
      join payments.gateway_transaction t on t.gateway = n.gateway and t.transaction = n.transaction
      where t.fee_minor is null and t.role in ('settles', 'surplus')
      order by t.gateway, t.transaction for no key update of t
    )
    update payments.gateway_transaction t set fee_minor = k.fee_minor
    from k where t.gateway = k.gateway and t.transaction = k.transaction
    returning t.transaction`.execute(tx);
  return new Set(rows.map(({ transaction }) => transaction));
}

const SHOWN_MOST = 500;

/** All that gateways have told of a payment, the oldest first. */
export async function findTransactionsOf(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly TransactionRow[]> {
  const { rows } = await sql<TransactionRow>`
    select ${COLUMNS} from payments.gateway_transaction t
    where t.customer_id = ${key.customerId} and t.payment_id = ${key.id}
    order by t.at, t.transaction limit ${SHOWN_MOST}`.execute(executor);
  return rows;
}
