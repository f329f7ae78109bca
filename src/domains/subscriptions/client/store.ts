import { type Executor, sql } from '#database';
import type { SubscriptionKey } from '#subscriptions/subscription';

/** The customer that a number is; undefined for a stranger. */
export async function findCustomer(
  executor: Executor,
  msisdn: string,
): Promise<bigint | undefined> {
  return (await findSpeaker(executor, msisdn))?.id;
}

/** The customer that a number is, and the language that he has last agreed to something in. */
export async function findSpeaker(
  executor: Executor,
  msisdn: string,
): Promise<{ readonly id: bigint; readonly locale: string | null } | undefined> {
  const { rows } = await sql<{ id: bigint; locale: string | null }>`
    select c.id, (
      select locale from subscriptions.consent where customer_id = c.id order by id desc limit 1
    ) as locale
    from subscriptions.customer c where c.msisdn = ${msisdn}`.execute(executor);
  return rows[0];
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
