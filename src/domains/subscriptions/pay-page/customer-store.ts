import { type Executor, sql } from '#database';

/** What a customer may be called by: the merchant's own key, and the number with its plus and without. */
export async function findPayer(
  executor: Executor,
  customerId: bigint,
): Promise<{ readonly names: readonly string[] } | undefined> {
  const { rows } = await sql<{ user_key: string | null; msisdn: string }>`
    select user_key, msisdn from subscriptions.customer where id = ${customerId}`.execute(executor);
  const [row] = rows;
  if (!row) return undefined;
  const { msisdn, user_key: key } = row;
  return { names: [...(key === null ? [] : [key]), msisdn, msisdn.slice(1)] };
}
