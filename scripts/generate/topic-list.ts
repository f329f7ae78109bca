import type { TSchema } from 'typebox';
import { accessCampaign } from '#acquisition';
import type { Group, Topic } from '#bus';
import { contentEvents, contentGroup } from '#content';
import { must } from '#errors';
import type { House } from '#house';
import { transactionLog } from '#operators';
import {
  cardChargeGroup,
  chargeGroup,
  paymentDisputes,
  paymentEvents,
  paymentRequests,
  paymentResponses,
} from '#payments';
import { paymentsLog, saverGroup } from '#payments/intake';
import { payoutEvents, payoutTopics } from '#payouts';
import { incomingSms, sendGroup, smsEvents, smsRequests } from '#sms';
import {
  cardSubscriptionGroups,
  firstCharges,
  mtManager,
  newSubscriptions,
  paymentCommands,
  subscriptionEvents,
  subscriptionGroups,
  userActions,
} from '#subscriptions';
import { processorGroups } from '#subscriptions/intake';

/** In place of a name: `{operator}_new_subscriptions` is every operator's. */
export const OPERATOR = '{operator}';
export const GATEWAY = '{gateway}';
export const PROVIDER = '{provider}';

/** The ERP's, under the prefix that PAYOUT_TOPIC_PREFIX has unless it is set. */
const ERP = payoutTopics('billing-payout');

/** What the code does not say of a topic in one place. */
export interface TopicEntry {
  readonly topic: Topic<unknown>;
  readonly key: string;
  readonly from: string;
  readonly aliases?: readonly string[];
}

function entry<Payload>(topic: Topic<Payload>, more: Omit<TopicEntry, 'topic'>): TopicEntry {
  return { topic: topic as Topic<unknown>, ...more };
}

/** All topics, in the order of a subscription's life: `docs/reference/topics.md` and `asyncapi.yaml` are made of them. */
export const TOPICS: readonly TopicEntry[] = [
  entry(accessCampaign, {
    ...{ key: 'hit', from: 'dispatcher' },
    aliases: ['xmp_accesss_campaign'],
  }),
  entry(userActions, { key: 'hit', from: 'dispatcher' }),
  entry(newSubscriptions(OPERATOR), {
    ...{ key: 'customer', from: 'dispatcher' },
    aliases: ['mobilink_new_subscriptiins'],
  }),
  entry(firstCharges(OPERATOR), { key: 'customer', from: 'mt-manager' }),
  entry(paymentRequests(GATEWAY), {
    key: 'customer',
    from: 'mt-manager, dispatcher (refunds), telco (again; refunds)',
  }),
  entry(paymentResponses(GATEWAY), {
    ...{ key: 'customer', from: 'telco' },
    aliases: ['mobilink_response'],
  }),
  entry(paymentsLog, { key: 'user', from: 'payments-api' }),
  entry(smsRequests(PROVIDER), {
    ...{ key: 'recipient', from: 'mt-manager, dispatcher, telco (again)' },
    aliases: ['mobilink_sms_send'],
  }),
  entry(incomingSms(OPERATOR), { key: 'sender', from: 'dispatcher or telco' }),
  entry(mtManager, { key: 'customer of its first event', from: 'mt-manager, dispatcher' }),
  entry(transactionLog, { key: 'reference of its first entry', from: 'telco' }),
  entry(paymentCommands, { key: 'subscription', from: 'dispatcher' }),
  entry(subscriptionEvents, { key: 'customer', from: 'mt-manager, dispatcher' }),
  entry(paymentDisputes, { key: 'customer', from: 'state-machine' }),
  entry(paymentEvents, { key: 'customer', from: 'telco, mt-manager, dispatcher' }),
  entry(smsEvents, { key: 'recipient or sender', from: 'all that send, telco' }),
  entry(contentEvents, { key: 'customer', from: 'dispatcher' }),
  entry(ERP.newPayout, { key: 'account', from: 'oebs-gate' }),
  entry(ERP.statusArd, { key: 'erp_id', from: 'the ERP' }),
  entry(ERP.statusOebs, { key: 'erp_id', from: 'the ERP' }),
  entry(payoutEvents, { key: 'payout', from: 'req-gate, oebs-gate' }),
];

/** Who listens to what, whatever the operator's name. Throws when a topic of them is missing above. */
export function groupsOf({ payoutMachine, reports }: House): readonly Group[] {
  const charge = chargeGroup(GATEWAY) as Group;
  const send = sendGroup(PROVIDER) as Group;
  // A subscription's worker hears its operator's gateway, which has the operator's name.
  const carrier = subscriptionGroups(OPERATOR).map((group): Group => {
    const isResponse = group.topic.name === paymentResponses(OPERATOR).name;
    return isResponse ? { ...group, topic: paymentResponses(GATEWAY) as Group['topic'] } : group;
  });
  const groups = [
    charge,
    send,
    ...carrier,
    ...[cardChargeGroup(GATEWAY), saverGroup].map((group) => group as Group),
    ...cardSubscriptionGroups([GATEWAY]),
    ...processorGroups([GATEWAY]),
    contentGroup as Group,
    ...payoutMachine.groups,
    ...reports.groups,
  ];
  for (const { topic } of groups) {
    const known = TOPICS.some((one) => one.topic.name === topic.name);
    must(known, `${topic.name} has a line in scripts/generate/topic-list.ts`);
  }
  return groups;
}

/** `{operator}_mo` as an id or an anchor. */
export function bareName(name: string): string {
  return name.replaceAll(/[{}]/g, '');
}

/** The part of JSON Schema that our payloads use. */
export type JsonSchema = TSchema & {
  readonly type?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};
