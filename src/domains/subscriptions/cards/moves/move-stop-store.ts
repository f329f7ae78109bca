import { type Executor, sql, type Tx } from '#database';
import type { SubscriptionKey } from '#subscriptions/subscription';
import { MOVE_COLUMNS, type MoveRow, moveFromRow, type PriceMove } from './move-store.ts';

/**
 * Whoever runs it is waited for; what it has done by then stands. One that was only looked at is put away, so that nobody runs it later.
 * False where it is stopped already.
 */
export async function beginStop(
  tx: Tx,
  input: {
    readonly id: bigint;
    readonly by: string;
    readonly text: string | undefined;
    readonly now: Date;
  },
): Promise<boolean> {
  const { by, id, now, text } = input;
  const { rows } = await sql`
    update subscriptions.price_move set state = case state when 'previewed' then 'stopped' else 'stopping' end,
      stopped_at = ${now}, stopped_by = ${by}, stop_text = ${text ?? null}
    where id = ${id} and state in ('previewed', 'running', 'done') returning id`.execute(tx);
  return rows.length > 0;
}

/** The one that has waited longest; one that another copy is at is passed over. */
export async function claimStopping(tx: Tx): Promise<PriceMove | undefined> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE_COLUMNS} from subscriptions.price_move m join subscriptions.service s on s.id = m.service_id
    where m.state = 'stopping' order by m.stopped_at, m.id limit 1 for no key update of m skip locked`.execute(
    tx,
  );
  return rows[0] && moveFromRow(rows[0]);
}

/** The next ones who were told, in one order. */
export async function findTold(
  tx: Tx,
  {
    after,
    most,
    move,
  }: { readonly move: bigint; readonly after: SubscriptionKey; readonly most: number },
): Promise<readonly SubscriptionKey[]> {
  const { rows } = await sql<{ customer_id: bigint; subscription_id: bigint }>`
    select customer_id, subscription_id from subscriptions.price_move_member
    where move_id = ${move} and outcome = 'planned'
      and (customer_id, subscription_id) > (${after.customerId}, ${after.id})
    order by customer_id, subscription_id limit ${most}`.execute(tx);
  return rows.map((row) => ({ customerId: row.customer_id, id: row.subscription_id }));
}

/** Writes down for whom it is off, and where the stop goes on. */
export async function writeCalledOff(
  tx: Tx,
  off: {
    readonly move: bigint;
    readonly keys: readonly SubscriptionKey[];
    readonly after: SubscriptionKey;
    readonly isDone: boolean;
    readonly now: Date;
  },
): Promise<void> {
  const { after, isDone, keys, move, now } = off;
  await sql`
    update subscriptions.price_move_member m set called_off_at = ${now}
    from unnest(${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[])
      as n (customer_id, id)
    where m.move_id = ${move} and m.customer_id = n.customer_id and m.subscription_id = n.id`.execute(
    tx,
  );
  await sql`
    update subscriptions.price_move set called_off = called_off + ${keys.length},
      off_after_customer_id = ${after.customerId}, off_after_id = ${after.id},
      state = ${isDone ? 'stopped' : 'stopping'}
    where id = ${move}`.execute(tx);
}

/** The newest first. */
export async function listMoves(
  executor: Executor,
  { most, plan }: { readonly plan: string; readonly most: number },
): Promise<readonly PriceMove[]> {
  const { rows } = await sql<MoveRow>`
    select ${MOVE_COLUMNS} from subscriptions.price_move m join subscriptions.service s on s.id = m.service_id
    where s.code = ${plan} order by m.id desc limit ${most}`.execute(executor);
  return rows.map(moveFromRow);
}
