import { type Executor, prepared, sql, type Tx } from '#database';
import type { Presentation } from './card-gateway.ts';
import { offerToRow } from './offer.ts';
import { type Offer, statesBefore } from './payment.ts';
import { COLUMNS, type Keys, keysOf, type PaymentRow } from './store.ts';

/** A payment that its payer is to make on a page. */
export interface PresentedPayment {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly gateway: string;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly offer: Offer;
  readonly notAfter: Date;
  readonly allocation?: bigint | undefined;
}

/** One statement for all; a second open payment for one reference is a bug and fails the whole. */
export async function insertPresented(
  tx: Tx,
  input: { readonly payments: readonly PresentedPayment[]; readonly now: Date },
): Promise<void> {
  const { now, payments } = input;
  await sql`
    insert into payments.payment (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority, not_after,
      allocation, method, offer, state, created_at)
    select customer_id, id, gateway, msisdn, amount_minor, currency, reference, 2, not_after, allocation, 'card',
      offer::jsonb, 'presented', ${now}
    from unnest(
      ${payments.map((one) => one.customerId)}::bigint[], ${payments.map((one) => one.id)}::bigint[],
      ${payments.map((one) => one.gateway)}::text[], ${payments.map((one) => one.msisdn)}::text[],
      ${payments.map((one) => one.amountMinor)}::bigint[], ${payments.map((one) => one.currency)}::text[],
      ${payments.map((one) => one.reference)}::text[], ${payments.map((one) => one.notAfter)}::timestamptz[],
      ${payments.map((one) => one.allocation ?? null)}::bigint[], ${payments.map((one) => offerToRow(one.offer))}::text[]
    ) as n (customer_id, id, gateway, msisdn, amount_minor, currency, reference, not_after, allocation, offer)`.execute(
    tx,
  );
}

export type CardPaymentRow = PaymentRow & {
  readonly gateway: string;
  readonly presentation: Presentation | null;
  readonly closed_at: Date | null;
};

const CARD_COLUMNS = sql`${COLUMNS}, p.gateway, p.presentation, p.closed_at`;

interface Key {
  readonly customerId: bigint;
  readonly id: bigint;
}

export async function findCardPayment(
  executor: Executor,
  { customerId, id }: Key,
): Promise<CardPaymentRow | undefined> {
  const { rows } = await prepared<CardPaymentRow>`
    select ${CARD_COLUMNS} from payments.payment p where p.customer_id = ${customerId} and p.id = ${id}`.execute(
    executor,
  );
  return rows[0];
}

/** As `findCardPayment`, of many; which are not there is left out. */
export async function findCardPayments(
  executor: Executor,
  keys: Keys,
): Promise<readonly CardPaymentRow[]> {
  const { rows } = await sql<CardPaymentRow>`
    select ${CARD_COLUMNS} from ${keysOf(keys)}
    join payments.payment p on p.customer_id = k.customer_id and p.id = k.id
    where p.method = 'card'`.execute(executor);
  return rows;
}

/** Holds those that nobody else holds, and answers their ids: whoever waits for none can stand in nobody's way. */
export async function holdFree(tx: Tx, keys: Keys): Promise<ReadonlySet<bigint>> {
  const { rows } = await sql<{ id: bigint }>`
    select p.id from ${keysOf(keys)} join payments.payment p on p.customer_id = k.customer_id and p.id = k.id
    order by p.customer_id, p.id for no key update of p skip locked`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

/** Whoever applies news of it holds it until he commits. */
export async function lockCardPayment(
  tx: Tx,
  { customerId, id }: Key,
): Promise<CardPaymentRow | undefined> {
  const { rows } = await prepared<CardPaymentRow>`
    select ${CARD_COLUMNS} from payments.payment p
    where p.customer_id = ${customerId} and p.id = ${id} for no key update`.execute(tx);
  return rows[0];
}

/** The payment that a gateway's operation settled. */
export async function findByTransaction(
  executor: Executor,
  of: { readonly gateway: string; readonly transaction: string },
): Promise<CardPaymentRow | undefined> {
  const { rows } = await sql<CardPaymentRow>`
    select ${CARD_COLUMNS} from payments.payment p
    where p.method = 'card' and p.gateway = ${of.gateway} and p.gateway_reference = ${of.transaction}
    -- A conflict that was given back stands there twice: as what it was, and as what was given back of.
    order by p.state = 'accepted' desc, p.id limit 1`.execute(executor);
  return rows[0];
}

/** Only while nobody has been led to another gateway yet. */
export async function keepPresentation(
  executor: Executor,
  input: Key & { readonly gateway: string; readonly presentation: Presentation },
): Promise<void> {
  await sql`
    update payments.payment p set gateway = ${input.gateway}, presentation = ${JSON.stringify(input.presentation)}::jsonb
    where p.customer_id = ${input.customerId} and p.id = ${input.id} and p.state = 'presented' and p.presentation is null`.execute(
    executor,
  );
}

/** How long gateways hold a reservation that nobody takes; one of them says seven days, and a day is for it to say so. */
const HELD_DAYS = 8;

/** Pages whose time is over, and reservations that must have been let go. Nobody else asks about them meanwhile. */
export async function claimOverdue(
  executor: Executor,
  input: { readonly now: Date; readonly leaseMs: number; readonly most: number },
): Promise<readonly CardPaymentRow[]> {
  const { rows } = await sql<CardPaymentRow>`
    update payments.payment p set lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000}),
      inquiries = p.inquiries + 1
    from (
      select customer_id, id from payments.payment
      where closed_at is null and method = 'card' and card_id is null and ((state = 'presented' and not_after <= ${input.now})
          or (state = 'authorized' and not_after <= ${input.now}::timestamptz - make_interval(days => ${HELD_DAYS})))
        and (lease_until is null or lease_until < clock_timestamp())
      order by not_after limit ${input.most} for update skip locked
    ) k
    where p.customer_id = k.customer_id and p.id = k.id
    returning ${CARD_COLUMNS}`.execute(executor);
  return rows;
}

/** Ends a page whose time is over, or a reservation that was let go. What is told of it is told by the caller. */
export async function endPresented(
  tx: Tx,
  input: Key & { readonly now: Date; readonly step: 'expire' | 'void'; readonly reason: string },
): Promise<CardPaymentRow | undefined> {
  const from = statesBefore(input.step).filter(isCardState);
  const { rows } = await sql<CardPaymentRow>`
    update payments.payment p set state = ${input.step === 'expire' ? 'expired' : 'withdrawn'}, reason = ${input.reason},
      closed_at = ${input.now}
    where p.customer_id = ${input.customerId} and p.id = ${input.id} and p.state = any (${from}::text[])
    returning ${CARD_COLUMNS}`.execute(tx);
  return rows[0];
}

const isCardState = (state: string) => state === 'presented' || state === 'authorized';

/** What was paid once more than it was asked for, as a charge of its own that has happened. */
export async function insertHappened(
  tx: Tx,
  input: {
    readonly like: CardPaymentRow;
    readonly id: bigint;
    readonly kind: 'charge' | 'refund';
    readonly amountMinor: bigint;
    /** That of `like` unless told. */
    readonly currency?: string;
    readonly reference: string;
    readonly transaction: string;
    readonly reason: string;
    readonly now: Date;
  },
): Promise<PaymentRow> {
  const { like, now } = input;
  const refundOf = input.kind === 'refund' ? like.id : null;
  const { rows } = await sql<PaymentRow>`
    insert into payments.payment as p (customer_id, id, gateway, msisdn, amount_minor, currency, reference, priority,
      not_after, method, kind, refund_of, refund_reason, allocation, offer, state, attempts, calls, gateway_reference,
      reason, sent_at, stopped_at, created_at)
    values (${like.customer_id}, ${input.id}, ${like.gateway}, ${like.msisdn}, ${input.amountMinor},
      ${input.currency ?? like.currency}, ${input.reference}, 1, ${now}, 'card', ${input.kind}, ${refundOf}, ${refundOf === null ? null : input.reason},
      ${null}, ${like.offer === null ? null : JSON.stringify(like.offer)}::jsonb, 'unknown', 1, 1, ${input.transaction},
      ${input.reason}, ${now}, ${input.kind === 'charge' ? now : null}, ${now})
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('an insert returns its row');
  return row;
}

/** Promises what was given back outside of us; false where the charge has not so much left. */
export async function promiseRefund(
  tx: Tx,
  input: Key & { readonly amountMinor: bigint },
): Promise<boolean> {
  const { rows } = await sql`
    update payments.payment p set refunded_minor = p.refunded_minor + ${input.amountMinor}
    where p.customer_id = ${input.customerId} and p.id = ${input.id} and p.kind = 'charge' and p.state = 'accepted'
      and p.refunded_minor + ${input.amountMinor} <= p.amount_minor
    returning p.id`.execute(tx);
  return rows.length > 0;
}
