import { type Executor, sql } from '#database';
import type { SubscriptionKey } from '#subscriptions/subscription';

/** The customer that a number is; undefined for a stranger. */
export async function findCustomer(
  executor: Executor,
  msisdn: string,
): Promise<bigint | undefined> {
  const { rows } = await sql<{ id: bigint }>`
    select id from subscriptions.customer where msisdn = ${msisdn}`.execute(executor);
  return rows[0]?.id;
}

/** One line of a bill, as a receipt shows it. */
export interface BillLine {
  readonly kind: string;
  readonly plan: string;
  readonly quantity: number;
  readonly from_at: Date;
  readonly until_at: Date;
  readonly amount_minor: bigint;
  readonly tax_minor: bigint;
  readonly tax_name: string;
}

const LINES_MOST = 100;

export async function findBillLines(
  executor: Executor,
  { customerId, id }: SubscriptionKey,
  number: number,
): Promise<readonly BillLine[]> {
  const { rows } = await sql<BillLine>`
    select kind, plan, quantity, from_at, until_at, amount_minor, tax_minor, tax_name from subscriptions.bill_line
    where customer_id = ${customerId} and subscription_id = ${id} and period = ${number}
    order by line limit ${LINES_MOST}`.execute(executor);
  return rows;
}
