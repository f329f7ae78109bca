import type { Group } from '#bus';
import { isTransient } from '#database';
import { createResponseHearing, responseGroups } from '#payments';
import { createTurns } from '#turns';
import type { IntakeContext } from './intake-context.ts';
import { refuseRequests, sendRequests } from './send-requests.ts';
import { settleRefunds, settleRequests } from './settle-requests.ts';

/** Sends requests on to their gateways and hears what became of them. As many copies as wanted. */
export interface Processor {
  start(): void;
  stop(): Promise<void>;
  /** One batch; answers how many users it was of. For tests, and for `start`. */
  turn(): Promise<number>;
}

const GROUP = 'processor';
const SETTLING = { batchSize: 500, lingerMs: 15, concurrency: 2 };
const USERS_MOST = 200;
const REFUNDS_MOST = 200;
const INTERVAL_MS = 100;
const REFUND_INTERVAL_MS = 500;

/** What processor listens to, to be declared before anyone publishes: the responses of every card gateway there is. */
export function processorGroups(gateways: readonly string[]): readonly Group[] {
  return responseGroups(GROUP, gateways) as readonly Group[];
}

export function createProcessor(context: IntakeContext): Processor {
  const { bus, database, log, metrics, payments } = context;
  const sentCount = metrics.counter(
    'kopek_payment_requests_sent_total',
    'Payment requests that processor has sent on to a gateway',
  );
  const settledCount = metrics.counter(
    'kopek_payment_requests_settled_total',
    'Payment requests whose outcome processor has written down',
  );

  async function turn(among?: readonly string[]): Promise<number> {
    let users: readonly string[] = [];
    try {
      return await database.transaction(async (tx) => {
        const done = await sendRequests(context, tx, {
          ...{ most: among?.length ?? USERS_MOST, among },
          held: (held) => {
            users = held;
          },
        });
        sentCount.inc({}, done.sent);
        return done.users.length;
      });
    } catch (error) {
      if (isTransient(error) || users.length === 0) throw error;
      return inHalves(users, error);
    }
  }

  /** One that can't be decided must not hold up its neighbours: alone, it ends as an error. */
  async function inHalves(users: readonly string[], error: unknown): Promise<number> {
    const [user, ...others] = users;
    if (user === undefined) return 0;
    if (others.length === 0) {
      log.error({ err: error, user }, 'a payment request could not be decided');
      await database.transaction((tx) => refuseRequests(context, tx, user));
      return 1;
    }
    const middle = Math.ceil(users.length / 2);
    return (await turn(users.slice(0, middle))) + (await turn(users.slice(middle)));
  }

  const hearing = createResponseHearing({
    ...{ bus, log, gateways: payments.cards.gateways, group: GROUP, consuming: SETTLING },
    async handle(tx, responses) {
      settledCount.inc({}, await settleRequests(context, tx, responses));
    },
  });
  const named = { log, name: 'processor' };
  const loops = [
    createTurns({ ...named, turn: () => turn(), intervalMs: INTERVAL_MS }),
    createTurns({
      ...{ ...named, intervalMs: REFUND_INTERVAL_MS },
      turn: () => database.transaction((tx) => settleRefunds(context, tx, REFUNDS_MOST)),
    }),
  ];
  return {
    turn: () => turn(),
    start() {
      for (const one of [hearing, ...loops]) one.start();
    },
    async stop() {
      await Promise.all([hearing, ...loops].map((one) => one.stop()));
    },
  };
}
