import { type Executor, sql, type Tx } from '#database';
import type { Command } from '#subscriptions/cards/command';
import type { PricedSubscription } from '#subscriptions/pricing';
import type { SubscriptionKey, SubscriptionStatus } from '#subscriptions/subscription';
import { type PricedColumns, pricedFromColumns, pricedToRow } from './stored-priced.ts';

const keyArrays = (keys: readonly SubscriptionKey[]) =>
  sql`${keys.map((key) => key.customerId)}::bigint[], ${keys.map((key) => key.id)}::bigint[]`;

/** Locks subscriptions whoever charges them, in one order. What is read of them afterwards is as it stands under the lock. */
export async function lockBothWays(tx: Tx, keys: readonly SubscriptionKey[]): Promise<void> {
  await sql`
    select from unnest(${keyArrays(keys)}) as n (customer_id, id)
    join subscriptions.subscription s on s.customer_id = n.customer_id and s.id = n.id
    order by s.customer_id, s.id for no key update of s`.execute(tx);
}

/** What a card pays, as it was when one paid last; undefined where none ever did. */
export async function findFormerPriced(
  executor: Executor,
  { customerId, id }: SubscriptionKey,
): Promise<PricedSubscription | undefined> {
  const { rows } = await sql<PricedColumns>`
    select k.priced, k.payments, p.after as priced_after from subscriptions.card_subscription k
    left join subscriptions.card_bill p on k.priced is null and p.customer_id = k.customer_id
      and p.subscription_id = k.id and p.period = k.priced_bill
    where k.customer_id = ${customerId} and k.id = ${id}`.execute(executor);
  return rows[0] && pricedFromColumns(rows[0]);
}

/** Hands a subscription to `state-machine`; it is locked. */
export async function takeByCard(
  tx: Tx,
  to: {
    readonly key: SubscriptionKey;
    readonly operator: string;
    readonly priced: PricedSubscription;
    readonly locale: string;
    readonly billCount: number;
    readonly now: Date;
  },
): Promise<void> {
  const { billCount, key, locale, now, operator, priced } = to;
  await sql`
    update subscriptions.subscription set operator = ${operator}, due_at = null
    where customer_id = ${key.customerId} and id = ${key.id}`.execute(tx);
  await sql`
    insert into subscriptions.card_subscription as k (customer_id, id, priced, locale, status_since, bill_count)
    values (${key.customerId}, ${key.id}, ${pricedToRow(priced)}::jsonb, ${locale}, ${now}, ${billCount})
    on conflict (customer_id, id) do update set priced = excluded.priced, priced_bill = null, payments = null, locale = excluded.locale,
      status_since = excluded.status_since, bill_count = excluded.bill_count, noticed_period = null, cancel_at = null,
      paused_until = null, attention = null, attention_since = null, card_id = null, card_gateway = null, card_brand = null, card_mask = null,
      card_fingerprint = null, move = null`.execute(tx);
}

/** Hands a subscription to its operator's `mt-manager`; it is locked. */
export async function takeByPhone(
  tx: Tx,
  to: {
    readonly key: SubscriptionKey;
    readonly operator: string;
    readonly version: number;
    readonly status: SubscriptionStatus;
    readonly anchorAt: Date;
    /** The newest period that is over or paid: the next is charged by phone. */
    readonly period: number;
    readonly paidUntil: Date;
    readonly dueAt: Date;
  },
): Promise<void> {
  const { anchorAt, dueAt, key, operator, paidUntil, period, status, version } = to;
  await sql`
    update subscriptions.subscription set operator = ${operator}, terms_version = ${version}, status = ${status},
      anchor_at = ${anchorAt}, period = ${period}, paid_until = ${paidUntil}, due_at = ${dueAt}
    where customer_id = ${key.customerId} and id = ${key.id}`.execute(tx);
}

/** Asked for, and then no card was left for so long that nobody means it any more. */
export const SWITCH_WAITS_MS = 24 * 3_600_000;

/** A switch as it is kept: carried out, or waiting for the card that is to be left on a page. */
export interface SwitchRow {
  readonly key: SubscriptionKey;
  readonly id: bigint;
  readonly command: Command;
}

/** One that waits already makes way for the newer. */
export async function insertSwitch(
  tx: Tx,
  row: SwitchRow & {
    readonly consentId: bigint;
    readonly state: 'waiting' | 'done';
    readonly now: Date;
  },
): Promise<void> {
  const { command, consentId, id, key, now, state } = row;
  await endWaiting(tx, { keys: [key], reason: 'asked_anew', now });
  await sql`
    insert into subscriptions.way_switch (customer_id, subscription_id, id, to_way, consent_id, consented_at, state,
      command, asked_at, ended_at)
    values (${key.customerId}, ${key.id}, ${id}, ${command.to}, ${consentId}, ${command.consented_at}, ${state},
      ${JSON.stringify(command)}::jsonb, ${now}, ${state === 'done' ? now : null})
    on conflict (customer_id, subscription_id, id) do update set state = excluded.state, ended_at = excluded.ended_at,
      reason = null, try_at = null`.execute(tx);
}

export async function endWaiting(
  tx: Tx,
  input: { readonly keys: readonly SubscriptionKey[]; readonly reason: string; readonly now: Date },
): Promise<void> {
  await sql`
    update subscriptions.way_switch w set state = 'dropped', reason = ${input.reason}, ended_at = ${input.now}, try_at = null
    from unnest(${keyArrays(input.keys)}) as n (customer_id, id)
    where w.customer_id = n.customer_id and w.subscription_id = n.id and w.state = 'waiting'`.execute(
    tx,
  );
}

export async function findWaiting(
  executor: Executor,
  { customerId, id }: SubscriptionKey,
): Promise<SwitchRow | undefined> {
  const { rows } = await sql<{ id: bigint; command: Command }>`
    select id, command from subscriptions.way_switch
    where customer_id = ${customerId} and subscription_id = ${id} and state = 'waiting'`.execute(
    executor,
  );
  const [row] = rows;
  return row && { key: { customerId, id }, id: row.id, command: row.command };
}

/** Its card is there, or was not to be switched just then: it is looked at from this moment on. */
export async function tryWaiting(
  tx: Tx,
  input: { readonly key: SubscriptionKey; readonly card?: string; readonly at: Date },
): Promise<boolean> {
  const { at, card, key } = input;
  const { rows } = await sql`
    update subscriptions.way_switch set try_at = ${at},
      command = command || jsonb_strip_nulls(jsonb_build_object('card', ${card ?? null}::text))
    where customer_id = ${key.customerId} and subscription_id = ${key.id} and state = 'waiting'
    returning id`.execute(tx);
  return rows.length > 0;
}

/** Those whose time has come, and their subscriptions locked; what another copy holds is passed over. */
export async function claimWaiting(
  tx: Tx,
  input: { readonly now: Date; readonly most: number },
): Promise<readonly SwitchRow[]> {
  const { rows } = await sql<{
    customer_id: bigint;
    subscription_id: bigint;
    id: bigint;
    command: Command;
  }>`
    select w.customer_id, w.subscription_id, w.id, w.command
    from subscriptions.way_switch w
    join subscriptions.subscription s on s.customer_id = w.customer_id and s.id = w.subscription_id
    where w.state = 'waiting' and w.try_at <= ${input.now}
    order by w.try_at limit ${input.most} for no key update of s skip locked`.execute(tx);
  return rows.map(({ command, customer_id: customerId, id, subscription_id }) => ({
    ...{ key: { customerId, id: subscription_id }, id, command },
  }));
}
