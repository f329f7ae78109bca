import type { Bus, Consumer, Group } from '#bus';
import { paymentResponses } from '#payments';
import { incomingSms, isStop } from '#sms';
import { createTurns } from '#turns';
import { beginSubscriptions } from './begin-subscriptions.ts';
import { chargeDue } from './charge-due.ts';
import type { Context } from './context.ts';
import { registerSubscriptions } from './register-subscriptions.ts';
import { chargesAfterStop, settleBills } from './settle-bills.ts';
import { stopSubscriptions } from './stop-subscriptions.ts';

import { firstCharges, newSubscriptions } from './topics.ts';

/** `mt-manager` for one operator: what it listens to, and its timer for what is due. */
export interface SubscriptionWorker {
  /** Hears what customers said while nobody listened, then begins with the rest: a STOP is not to lose to a charge. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const GROUP = 'mt-manager';
const BATCH_SIZE = 500;
const LINGER_MS = 15;
/** Settling takes longest, so while one set commits the next is being settled. */
const SETTLING = { batchSize: BATCH_SIZE, lingerMs: LINGER_MS, concurrency: 2 };
/** A STOP locks all that its customer has, down to the payments: two customers in one transaction would deadlock. */
const ONE_BY_ONE = { batchSize: 1 };
/** How soon a period that has begun is noticed while nothing else is due. */
const DUE_INTERVAL_MS = 250;
const HEARING_INTERVAL_MS = 20;
const HEARING_PATIENCE_MS = 5000;

/** The groups of one operator's `mt-manager`, to be declared before anyone publishes. */
export function subscriptionGroups(operator: string): readonly Group[] {
  const topics = [
    newSubscriptions(operator),
    firstCharges(operator),
    paymentResponses(operator),
    incomingSms(operator),
  ];
  return topics.map((topic) => ({ topic: topic as Group['topic'], name: GROUP }));
}

export function createSubscriptionWorker(context: Context, operator: string): SubscriptionWorker {
  let consumers: readonly Consumer[] = [];
  const due = createTurns({
    turn: () => chargeDue(context, operator),
    ...{ intervalMs: DUE_INTERVAL_MS, log: context.log, name: `what is due of ${operator}` },
  });
  let stopped = false;
  chargesAfterStop(context.metrics);
  return {
    async start() {
      consumers = [listen(context, operator)];
      await untilHeard(context, operator);
      if (stopped) return;
      consumers = [...consumers, ...consume(context, operator)];
      due.start();
    },
    async stop() {
      stopped = true;
      await due.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

function consume(context: Context, operator: string): readonly Consumer[] {
  const bus: Bus = context.bus;
  const options = { batchSize: BATCH_SIZE, lingerMs: LINGER_MS };
  return [
    bus.consume({ topic: newSubscriptions(operator), name: GROUP }, options, (tx, messages) =>
      registerSubscriptions(context, tx, {
        operator,
        consents: messages.map((message) => message.payload),
      }),
    ),
    bus.consume({ topic: firstCharges(operator), name: GROUP }, options, (tx, messages) =>
      beginSubscriptions(
        context,
        tx,
        messages.map((message) => message.payload),
      ),
    ),
    bus.consume({ topic: paymentResponses(operator), name: GROUP }, SETTLING, (tx, messages) =>
      settleBills(
        context,
        tx,
        messages.map((message) => message.payload),
      ),
    ),
  ];
}

/** STOP by SMS. */
function listen(context: Context, operator: string): Consumer {
  const group = { topic: incomingSms(operator), name: GROUP };
  return context.bus.consume(group, ONE_BY_ONE, async (tx, messages) => {
    for (const { payload } of messages.filter((message) => isStop(message.payload.text))) {
      await stopSubscriptions(context, tx, {
        ...{ msisdn: payload.msisdn, operator, channel: 'sms', saidAt: new Date(payload.at) },
        evidence: `sms ${payload.id} to ${payload.short_code}: ${payload.text.slice(0, 100)}`,
      });
    }
  });
}

/** Returns when no SMS waits, or after a while: a message that fails again and again is not to stop the house. */
async function untilHeard({ bus }: Context, operator: string): Promise<void> {
  const { name } = incomingSms(operator);
  const endMs = performance.now() + HEARING_PATIENCE_MS;
  while (performance.now() < endMs) {
    const depths = await bus.depths();
    if (!depths.some((one) => one.topic === name && one.group === GROUP && one.ready > 0)) return;
    await new Promise((resolve) => setTimeout(resolve, HEARING_INTERVAL_MS));
  }
}
