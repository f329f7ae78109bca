import { type Executor, sql, type Tx } from '#database';
import { statesBefore } from '#payments/payment';
import { COLUMNS, type PaymentRow } from '#payments/store';

export interface HandSettlement {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly paymentId: bigint;
  readonly was: string;
  readonly outcome: 'accepted' | 'declined' | 'returned';
  readonly transaction: string | null;
  readonly actor: string;
  readonly reason: string;
  readonly at: Date;
}

/** Who has settled a payment by hand, and why. */
export async function insertHandSettlement(tx: Tx, one: HandSettlement): Promise<void> {
  await sql`
    insert into payments.hand_settlement (customer_id, id, payment_id, was, outcome, transaction, actor, reason, at)
    values (${one.customerId}, ${one.id}, ${one.paymentId}, ${one.was}, ${one.outcome}, ${one.transaction}, ${one.actor},
      ${one.reason}, ${one.at})`.execute(tx);
}

export type HandSettlementRow = Omit<HandSettlement, 'customerId' | 'paymentId'>;

const SHOWN_MOST = 50;

export async function findHandSettlements(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly HandSettlementRow[]> {
  const { rows } = await sql<HandSettlementRow>`
    select id, was, outcome, transaction, actor, reason, at from payments.hand_settlement
    where customer_id = ${key.customerId} and payment_id = ${key.id} order by id limit ${SHOWN_MOST}`.execute(
    executor,
  );
  return rows;
}

/** A conflict of which people say that it is what was asked for. Undefined where it is no conflict any more. */
export async function countConflicted(
  tx: Tx,
  input: { readonly customerId: bigint; readonly id: bigint; readonly now: Date },
): Promise<PaymentRow | undefined> {
  const { rows } = await sql<PaymentRow>`
    with posting as (
      -- Whoever settles posts: a version that does not is known by its silence.
      select set_config('kopek.posts', 'on', true)
    )
    update payments.payment p set state = 'accepted', reason = null, closed_at = ${input.now}
    from posting where p.customer_id = ${input.customerId} and p.id = ${input.id} and p.kind = 'charge'
      and p.state = any (${statesBefore('count')}::text[])
    returning ${COLUMNS}`.execute(tx);
  return rows[0];
}
