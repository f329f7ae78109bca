import { type Executor, sql, type Tx } from '#database';
import type { SubscriptionKey } from '#subscriptions/subscription';
import type { Command, CommandResult } from './command.ts';

export interface CommandRow {
  readonly key: SubscriptionKey;
  readonly id: bigint;
  readonly command: Command;
  readonly result: CommandResult;
}

const keyArrays = (keys: readonly SubscriptionKey[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[]`;

/** Of these commands, the numbers of those that were carried out before. */
export async function findCommands(
  tx: Tx,
  commands: readonly { readonly key: SubscriptionKey; readonly id: bigint }[],
): Promise<ReadonlySet<bigint>> {
  const { rows } = await sql<{ id: bigint }>`
    select c.id from unnest(${keyArrays(commands.map(({ key }) => key))}, ${commands.map(({ id }) => id)}::bigint[])
      as n (customer_id, subscription_id, id)
    join subscriptions.card_command c using (customer_id, subscription_id, id)`.execute(tx);
  return new Set(rows.map(({ id }) => id));
}

export async function insertCommands(
  tx: Tx,
  rows: readonly CommandRow[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into subscriptions.card_command (customer_id, subscription_id, id, command, origin, actor, input, outcome,
      reason, asked_at, applied_at)
    select customer_id, subscription_id, id, command, origin, actor, input::jsonb, outcome, reason, asked_at, ${now}
    from unnest(${keyArrays(rows.map(({ key }) => key))}, ${rows.map(({ id }) => id)}::bigint[],
      ${rows.map(({ command }) => command.command)}::text[], ${rows.map(({ command }) => command.origin)}::text[],
      ${rows.map(({ command }) => command.actor)}::text[], ${rows.map(({ command }) => JSON.stringify(command))}::text[],
      ${rows.map(({ result }) => result.outcome)}::text[], ${rows.map(({ result }) => wordOf(result))}::text[],
      ${rows.map(({ command }) => new Date(command.at))}::timestamptz[]
    ) as n (customer_id, subscription_id, id, command, origin, actor, input, outcome, reason, asked_at)`.execute(
    tx,
  );
}

const wordOf = (result: CommandResult) => (result.outcome === 'done' ? result.what : result.reason);

/** What came of one; undefined while it waits. */
export async function findCommand(
  executor: Executor,
  { id, key }: { readonly key: SubscriptionKey; readonly id: bigint },
): Promise<{ readonly outcome: string; readonly reason: string; readonly at: Date } | undefined> {
  const { rows } = await sql<{ outcome: string; reason: string; at: Date }>`
    select outcome, coalesce(reason, '') as reason, applied_at as at from subscriptions.card_command
    where customer_id = ${key.customerId} and subscription_id = ${key.id} and id = ${id}`.execute(
    executor,
  );
  return rows[0];
}
