import { messageOf } from '#errors';
import { createSavedCards, createTokenReader } from '#payments/cards';
import {
  type ChargeWorker,
  cardChargeGroup,
  createCardCharging,
  createChargeWorker,
} from '#payments/charging';
import { type CardWorkerOptions, createCardWorker } from './card-worker.ts';

/** Charges cards and hears gateways, for every account, also for those that come while it runs. */
export interface GatewayWorkers {
  start(): void;
  stop(): Promise<{ readonly unanswered: number }>;
}

const LOOK_INTERVAL_MS = 1000;

export function createGatewayWorkers(options: CardWorkerOptions): GatewayWorkers {
  const { bus, cardGateways, database, log } = options;
  const cards = createSavedCards(options);
  const hearing = createCardWorker(options);
  const running = new Map<string, ChargeWorker>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const name of cardGateways.names()) {
      if (running.has(name)) continue;
      try {
        const card = cardGateways.gateway(name);
        if (!card) continue;
        const group = cardChargeGroup(name);
        await bus.declare([group]);
        const gateway = createCardCharging({
          ...{ card, line: cardGateways.line(name) },
          tokenOf: createTokenReader({ cards, database }),
        });
        const worker = createChargeWorker({ ...options, gateway, group, cards });
        worker.start();
        running.set(name, worker);
      } catch (error) {
        log.error({ gateway: name, reason: messageOf(error) }, 'a gateway account can not be used');
      }
    }
  }

  function next(): void {
    looking = look().finally(() => {
      timer = setTimeout(next, LOOK_INTERVAL_MS);
    });
  }

  return {
    start() {
      hearing.start();
      next();
    },
    async stop() {
      await looking;
      clearTimeout(timer);
      const [, ...left] = await Promise.all([
        hearing.stop().then(() => ({ unanswered: 0 })),
        ...[...running.values()].map((worker) => worker.stop()),
      ]);
      return { unanswered: left.reduce((sum, one) => sum + one.unanswered, 0) };
    },
  };
}
