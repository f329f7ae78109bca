import type { Tx } from '#database';
import type { AttentionAction, AttentionClosing, AttentionItem, AttentionSource } from '#payments';
import { fail } from '#subscriptions/errors';
import { isAlive, type SubscriptionKey, subscriptionId } from '#subscriptions/subscription';
import {
  countSubscriptionAttention,
  insertAttentionClosing,
  listSubscriptionAttention,
  mendRequests,
  type SubscriptionAttentionKind,
  type SubscriptionAttentionRow,
  subscriptionAttentionKinds,
} from './attention-store.ts';
import { type CardCase, openBillOf } from './card-case.ts';
import type { CardContext } from './card-context.ts';
import { beginWork, lockCases } from './cases/index.ts';

const NAME = 'subscriptions';

/** What may be known of it without a house: for those who only look. */
export const subscriptionAttention: Omit<AttentionSource, 'close'> = {
  ...{ name: NAME, kinds: subscriptionAttentionKinds, counts: countSubscriptionAttention },
  list: async (executor, page) => (await listSubscriptionAttention(executor, page)).map(toItem),
};

/** What waits for people of subscriptions that are paid by card. */
export function createSubscriptionAttention(context: CardContext): AttentionSource {
  return { ...subscriptionAttention, close: (tx, closing) => letGoOn(context, tx, closing) };
}

/** It goes on where it stood: what is owed and was not tried again meanwhile is tried now. */
async function letGoOn(
  context: CardContext,
  tx: Tx,
  { actor, place, reason }: AttentionClosing,
): Promise<void> {
  const key = readPlace(place);
  const [one] = key ? await lockCases(tx, [key]) : [];
  if (!one || one.attention === null)
    throw fail('attention_unknown', 'Nothing of this name waits for anybody.');
  const work = await beginWork(context, tx, [one]);
  const { attention } = one;
  await insertAttentionClosing(tx, { key: one.key, attention, actor, reason, now: work.now });
  const bill = openBillOf(one);
  if (bill) await mendRequests(tx, { key: one.key, bill: bill.number, now: work.now });
  work.keep({ ...withNextAttempt(one, work.now), attention: null });
  await work.write(tx);
}

/** What is alive and owes is never left without anything planned. */
function withNextAttempt(one: CardCase, now: Date): CardCase {
  const bill = openBillOf(one);
  const isIdle = bill && !bill.isUnderWay && bill.nextAttemptAt === null;
  if (!isIdle || !isAlive(one.status)) return one;
  return { ...one, bill: { ...bill, nextAttemptAt: now, nextBecause: null } };
}

function readPlace(place: string): SubscriptionKey | undefined {
  const [, customerId, id] = /^subscriptions (\d{1,18}) (\d{1,18})$/.exec(place) ?? [];
  if (customerId === undefined || id === undefined) return undefined;
  return { customerId: BigInt(customerId), id: BigInt(id) };
}

const MESSAGES: Readonly<Record<SubscriptionAttentionKind, string>> = {
  conflicted: 'Its payment is not what was asked for: nothing is charged until that is settled',
  request_faulty: 'Its gateway calls our request wrong: nothing is charged until that is mended',
  refund_impossible: 'Money that is owed could not be given back',
};

function toItem(row: SubscriptionAttentionRow): AttentionItem {
  const { amount_minor, attention, currency, kind, place, since } = row;
  const subject = subscriptionId({ customerId: row.customer_id, id: row.id });
  const [, payment] = /: (pay_\S+)$/.exec(attention) ?? [];
  return {
    ...{ place, kind, subject, subscription: subject, since, isClosable: true },
    message: `${MESSAGES[kind] ?? attention}.`,
    ...(payment === undefined ? {} : { payment }),
    ...(amount_minor === null ? {} : { amountMinor: amount_minor }),
    ...(currency === null ? {} : { currency }),
    actions: actionsOf(row, { subject, payment }),
  };
}

function actionsOf(
  { is_over, kind }: SubscriptionAttentionRow,
  { payment, subject }: { readonly subject: string; readonly payment: string | undefined },
): readonly AttentionAction[] {
  const post = (url: string): AttentionAction => ({ method: 'POST', url });
  const money = { conflicted: 'settle', refund_impossible: 'refund', request_faulty: undefined };
  const what = money[kind];
  return [
    ...(what !== undefined && payment !== undefined
      ? [post(`/v1/payments/${payment}/${what}`)]
      : []),
    ...(is_over || kind !== 'conflicted' ? [] : [post(`/v1/subscriptions/${subject}/repay`)]),
    ...(is_over ? [] : [post(`/v1/subscriptions/${subject}/cancel`)]),
  ];
}
