import { startContentWorker } from '#content';
import { createLedgerWorker } from '#ledger';
import {
  createChargeWorker,
  createGatewayWorkers,
  createMobilinkGateway,
  createNewsContext,
  createNightlyReconciliation,
  createReconciler,
} from '#payments';
import { createRulesWorker } from '#rules';
import { createAccountSenders, createClerk, createOperatorLine, createSendWorker } from '#sms';
import { createWebhookDeliverer } from '#webhooks';
import type { ProcessName } from './cli/app.ts';
import type { House } from './house.ts';

export { PROCESS_NAMES, type ProcessName } from './cli/app.ts';

/** Something that runs until it is told to stop, and then finishes what it has in hand. */
export interface Running {
  stop(): Promise<{ readonly unanswered: number }>;
}

const NOTHING_LEFT = { unanswered: 0 };

/** A process is a list of workers of several domains: this is the list. */
export async function startProcess(name: ProcessName, house: House): Promise<Running> {
  switch (name) {
    case 'dispatcher':
      return startDispatcher(house);
    case 'mt-manager':
      return startMtManager(house);
    case 'telco':
      return startTelco(house);
    case 'qlistener':
      await house.reports.start();
      return {
        stop: async () => {
          await house.reports.stop();
          return NOTHING_LEFT;
        },
      };
    case 'accounts':
      return startAccounts(house);
    case 'payout-api':
      // It only answers: its routes are opened with the other doors.
      return { stop: async () => NOTHING_LEFT };
    case 'req-gate':
      return startReqGate(house);
    case 'oebs-gate':
      return startOebsGate(house);
    case 'sms-rules':
      return startRules(house);
    case 'sms-api':
      return startSmsApi(house);
    case 'sms-sender':
      return startSmsSender(house);
    case 'payments-api':
      // It only answers: its routes are opened with the other doors.
      return { stop: async () => NOTHING_LEFT };
    case 'saver':
      return startWorker(house.intake.saver());
    case 'processor':
      return startWorker(house.intake.processor());
    case 'notifier':
      return startNotifier(house);
    case 'state-machine':
      return startStateMachine(house);
    case 'client-admin':
      // It only answers: its pages are opened with the other doors.
      return { stop: async () => NOTHING_LEFT };
  }
}

/** The site itself is opened with the other doors to the outside; here is what it does behind the page. */
function startDispatcher(house: House): Running {
  const deliveries = startContentWorker(house);
  return {
    stop: async () => {
      await deliveries.stop();
      return NOTHING_LEFT;
    },
  };
}

/** The ledger's routes are opened with the other doors; here is what it does by itself. */
function startAccounts(house: House): Running {
  const worker = createLedgerWorker(house);
  worker.start();
  return {
    stop: async () => {
      await worker.stop();
      return NOTHING_LEFT;
    },
  };
}

function startReqGate({ payouts }: House): Running {
  const gate = payouts.reqGate();
  gate.start();
  return {
    stop: async () => {
      await gate.stop();
      return NOTHING_LEFT;
    },
  };
}

function startOebsGate({ payoutMachine: { gate } }: House): Running {
  gate.start();
  return {
    stop: async () => {
      await gate.stop();
      return NOTHING_LEFT;
    },
  };
}

/** The rules' routes are opened with the other doors; here is what it does by itself. */
function startRules(house: House): Running {
  const worker = createRulesWorker(house);
  worker.start();
  return {
    stop: async () => {
      await worker.stop();
      return NOTHING_LEFT;
    },
  };
}

/** Its routes are opened with the other doors; behind them callers hear of their messages. */
function startSmsApi({ config, sealer, ...house }: House): Running {
  const privateRanges = config.webhookPrivateRanges;
  const deliverer = createWebhookDeliverer({ ...house, sealer, privateRanges });
  deliverer.start();
  return {
    stop: async () => {
      await deliverer.stop();
      return NOTHING_LEFT;
    },
  };
}

/** Every provider that we have an account with, those too that come while it runs; and what the clock brings. */
function startSmsSender({ config, sealer, ...house }: House): Running {
  const { bus, log, sms, smsAccounts } = house;
  const { context } = sms;
  // Those that hand it messages hear of them also where nothing but the sender runs.
  const privateRanges = config.webhookPrivateRanges;
  const deliverer = createWebhookDeliverer({ ...house, sealer, privateRanges });
  const senders = createAccountSenders({ accounts: smsAccounts, bus, context, log });
  const clerk = createClerk({ context, providers: senders.providers });
  senders.start();
  clerk.start();
  deliverer.start();
  return {
    async stop() {
      const [left] = await Promise.all([senders.stop(), clerk.stop(), deliverer.stop()]);
      return left;
    },
  };
}

/** Cards: what gateways tell, charges and refunds, and the lives of subscriptions that are paid by them. */
function startStateMachine(house: House): Running {
  const { payments, subscriptions } = house;
  const gateways = createGatewayWorkers({ ...house, inbox: payments.inbox });
  const worker = subscriptions.cards.worker();
  const reconciler = createReconciler({ ...house, context: createNewsContext(house) });
  const nightly = createNightlyReconciliation({ ...house, reconciler });
  gateways.start();
  worker.start();
  nightly.start();
  return {
    async stop() {
      const [left] = await Promise.all([gateways.stop(), worker.stop(), nightly.stop()]);
      return left;
    },
  };
}

function startWorker(worker: { start(): void; stop(): Promise<void> }): Running {
  worker.start();
  return {
    stop: async () => {
      await worker.stop();
      return NOTHING_LEFT;
    },
  };
}

/** Those who are told by webhook are told also where nothing but it runs. */
function startNotifier({ config, ...house }: House): Running {
  const privateRanges = config.webhookPrivateRanges;
  const deliverer = createWebhookDeliverer({ ...house, privateRanges });
  const notifier = house.intake.notifier();
  notifier.start();
  deliverer.start();
  return {
    stop: async () => {
      await Promise.all([notifier.stop(), deliverer.stop()]);
      return NOTHING_LEFT;
    },
  };
}

async function startMtManager({ operators, subscriptions }: House): Promise<Running> {
  const workers = operators.all().map(({ name }) => subscriptions.worker(name));
  await Promise.all(workers.map((worker) => worker.start()));
  return {
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      return NOTHING_LEFT;
    },
  };
}

/** Charging and sending for every operator, each pair over that operator's one connection. */
function startTelco(house: House): Running {
  const { operators } = house;
  const workers = operators.all().flatMap(({ name }) => {
    const outside = {
      ...house,
      connection: operators.connection(name),
      current: () => operators.get(name),
    };
    return [
      createChargeWorker({ ...house, gateway: createMobilinkGateway(outside) }),
      createSendWorker({ ...house, context: house.sms.context, line: createOperatorLine(outside) }),
    ];
  });
  for (const worker of workers) worker.start();
  // Deferred messages of an operator must wake where nothing but its own process runs.
  const clerk = createClerk({ context: house.sms.context, providers: () => [] });
  clerk.start();
  return {
    stop: async () => {
      const stopped = clerk.stop();
      const left = await Promise.all(workers.map((worker) => worker.stop()));
      await stopped;
      return { unanswered: left.reduce((sum, one) => sum + one.unanswered, 0) };
    },
  };
}
