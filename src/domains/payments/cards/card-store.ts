import { type Executor, sql, type Tx } from '#database';
import { type Keys, keysOf, COLUMNS as PAYMENT_COLUMNS, type PaymentRow } from '#payments/store';

export interface CardRow {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly gateway: string;
  readonly sealed_token: string;
  readonly fingerprint: string | null;
  readonly mask: string;
  readonly brand: string;
  readonly expires: string | null;
  readonly is_default: boolean;
  readonly saved_at: Date;
  readonly removed_at: Date | null;
}

const COLUMNS =
  sql.raw(`c.customer_id, c.id, c.gateway, c.sealed_token, c.fingerprint, c.mask, c.brand, c.expires, c.is_default,
  c.saved_at, c.removed_at`);

/** One person has few; whoever has more is somebody's mistake. */
const CARDS_SHOWN_MOST = 100;

export interface NewCard {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly gateway: string;
  readonly sealedToken: string;
  readonly tokenDigest: Buffer;
  readonly fingerprint: string | null;
  readonly mask: string;
  readonly brand: string;
  readonly expires: string | null;
  readonly savedAt: Date;
}

/**
 * Keeps a card; one that is kept already gets its newest face. The customer's first becomes his default. Answers its id.
 * Two cards of one moment must not both be the first: the customer's cards are kept one after the other.
 */
export async function upsertCard(tx: Tx, card: NewCard): Promise<bigint> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`payments.card ${card.customerId}`}, 0))`.execute(
    tx,
  );
  const { rows } = await sql<{ id: bigint }>`
    insert into payments.card as c (customer_id, id, gateway, sealed_token, token_digest, fingerprint, mask, brand, expires,
      is_default, saved_at)
    values (${card.customerId}, ${card.id}, ${card.gateway}, ${card.sealedToken}, ${card.tokenDigest}, ${card.fingerprint},
      ${card.mask}, ${card.brand}, ${card.expires},
      not exists (select from payments.card d where d.customer_id = ${card.customerId} and d.is_default and d.removed_at is null),
      ${card.savedAt})
    on conflict (customer_id, gateway, token_digest) where removed_at is null
    do update set mask = excluded.mask, expires = coalesce(excluded.expires, c.expires),
      fingerprint = coalesce(excluded.fingerprint, c.fingerprint)
    returning c.id`.execute(tx);
  const [row] = rows;
  return row?.id ?? card.id;
}

/** Of this customer, not removed; the default first, then the newest. */
export async function findCards(
  executor: Executor,
  customerId: bigint,
): Promise<readonly CardRow[]> {
  const { rows } = await sql<CardRow>`
    select ${COLUMNS} from payments.card c where c.customer_id = ${customerId} and c.removed_at is null
    order by c.is_default desc, c.id desc limit ${CARDS_SHOWN_MOST}`.execute(executor);
  return rows;
}

export async function findCard(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<CardRow | undefined> {
  const { rows } = await sql<CardRow>`
    select ${COLUMNS} from payments.card c where c.customer_id = ${key.customerId} and c.id = ${key.id}`.execute(
    executor,
  );
  return rows[0];
}

/** Of many customers, by their keys; those that were removed are left out. */
export async function findKeptCards(executor: Executor, keys: Keys): Promise<readonly CardRow[]> {
  const { rows } = await sql<CardRow>`
    select ${COLUMNS} from ${keysOf(keys)}
    join payments.card c on c.customer_id = k.customer_id and c.id = k.id
    where c.removed_at is null`.execute(executor);
  return rows;
}

/** All cards of a customer, locked in order: whatever is done with one of them is done with the others in sight. */
export async function lockCards(tx: Tx, customerId: bigint): Promise<readonly CardRow[]> {
  const { rows } = await sql<CardRow>`
    select ${COLUMNS} from payments.card c where c.customer_id = ${customerId} and c.removed_at is null
    order by c.id for update`.execute(tx);
  return rows;
}

/** Of locked cards: this one is the default from now on, and no other. */
export async function setDefaultCard(
  tx: Tx,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<void> {
  // Two statements: at no moment may there be two of them.
  await sql`update payments.card set is_default = false
    where customer_id = ${key.customerId} and is_default and removed_at is null and id <> ${key.id}`.execute(
    tx,
  );
  await sql`update payments.card set is_default = true
    where customer_id = ${key.customerId} and id = ${key.id}`.execute(tx);
}

export async function markRemoved(
  tx: Tx,
  card: {
    readonly customerId: bigint;
    readonly id: bigint;
    readonly now: Date;
    readonly reason: string;
  },
): Promise<void> {
  await sql`update payments.card set removed_at = ${card.now}, removed_reason = ${card.reason}, is_default = false
    where customer_id = ${card.customerId} and id = ${card.id} and removed_at is null`.execute(tx);
}

export interface CardChange {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly cardId: bigint;
  readonly change: 'saved' | 'made_default' | 'removed';
  readonly actor: string;
  readonly reason: string | null;
  readonly at: Date;
}

export async function insertCardChange(tx: Tx, change: CardChange): Promise<void> {
  await sql`
    insert into payments.card_change (customer_id, id, card_id, change, actor, reason, at)
    values (${change.customerId}, ${change.id}, ${change.cardId}, ${change.change}, ${change.actor}, ${change.reason},
      ${change.at})`.execute(tx);
}

/** Charges that were planned on a card and not sent end; answers what they were for. */
export async function withdrawPlanned(
  tx: Tx,
  input: { readonly customerId: bigint; readonly cardId: bigint; readonly now: Date },
): Promise<readonly (PaymentRow & { readonly gateway: string })[]> {
  const { rows } = await sql<PaymentRow & { readonly gateway: string }>`
    with k as (
      select customer_id, id from payments.payment
      where customer_id = ${input.customerId} and card_id = ${input.cardId} and closed_at is null and kind = 'charge'
        and state in ('new', 'claimed')
      order by id for no key update
    )
    update payments.payment p set state = 'withdrawn', closed_at = ${input.now}, reason = 'card_removed'
    from k where p.customer_id = k.customer_id and p.id = k.id and p.state in ('new', 'claimed')
    returning ${PAYMENT_COLUMNS}, p.gateway`.execute(tx);
  return rows;
}
