import { type Executor, sql, type Tx } from '#database';

/** To take what was reserved, or to let it go. */
export interface NewOperation {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly paymentId: bigint;
  readonly gateway: string;
  readonly transaction: string;
  readonly kind: 'confirm' | 'void';
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reason: string;
  readonly now: Date;
}

export interface OperationRow {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly payment_id: bigint;
  readonly gateway: string;
  readonly transaction: string;
  readonly kind: NewOperation['kind'];
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly state: 'open' | 'done' | 'refused';
  readonly reason: string;
  readonly refusal: string | null;
  readonly tries: number;
  readonly created_at: Date;
}

const COLUMNS =
  sql.raw(`o.customer_id, o.id, o.payment_id, o.gateway, o.transaction, o.kind, o.amount_minor, o.currency,
  o.state, o.reason, o.refusal, o.tries, o.created_at`);

/** False where one is open already. The caller holds the payment. */
export async function insertOperation(tx: Tx, one: NewOperation): Promise<boolean> {
  const { rows } = await sql`
    insert into payments.card_operation (customer_id, id, payment_id, gateway, transaction, kind, amount_minor, currency,
      reason, created_at)
    values (${one.customerId}, ${one.id}, ${one.paymentId}, ${one.gateway}, ${one.transaction}, ${one.kind},
      ${one.amountMinor}, ${one.currency}, ${one.reason}, ${one.now})
    on conflict do nothing returning id`.execute(tx);
  return rows.length > 0;
}

/** Whose turn it is; nobody else takes them for a while. */
export async function claimOperations(
  executor: Executor,
  input: { readonly leaseMs: number; readonly most: number },
): Promise<readonly OperationRow[]> {
  const { rows } = await sql<OperationRow>`
    with k as (
      select customer_id, id from payments.card_operation
      where state = 'open' and next_try_at < clock_timestamp()
      order by next_try_at limit ${input.most} for update skip locked
    )
    update payments.card_operation o set tries = o.tries + 1,
      next_try_at = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from k where o.customer_id = k.customer_id and o.id = k.id
    returning ${COLUMNS}`.execute(executor);
  return rows;
}

export async function putOffOperation(
  executor: Executor,
  { delayMs, row }: { readonly row: OperationRow; readonly delayMs: number },
): Promise<void> {
  await sql`
    update payments.card_operation set next_try_at = clock_timestamp() + make_interval(secs => ${delayMs / 1000})
    where customer_id = ${row.customer_id} and id = ${row.id} and state = 'open'`.execute(executor);
}

/** True where it was open. */
export async function closeOperation(
  tx: Tx,
  input: {
    readonly row: OperationRow;
    readonly state: 'done' | 'refused';
    readonly refusal: string | null;
    readonly now: Date;
  },
): Promise<boolean> {
  const { rows } = await sql`
    update payments.card_operation set state = ${input.state}, refusal = ${input.refusal}, closed_at = ${input.now}
    where customer_id = ${input.row.customer_id} and id = ${input.row.id} and state = 'open' returning id`.execute(
    tx,
  );
  return rows.length > 0;
}

const SHOWN_MOST = 100;

export async function findOperationsOf(
  executor: Executor,
  key: { readonly customerId: bigint; readonly id: bigint },
): Promise<readonly OperationRow[]> {
  const { rows } = await sql<OperationRow>`
    select ${COLUMNS} from payments.card_operation o
    where o.customer_id = ${key.customerId} and o.payment_id = ${key.id} order by o.id limit ${SHOWN_MOST}`.execute(
    executor,
  );
  return rows;
}
