import type { Route } from '#bus/carrier';
import { AppError, messageOf } from '#errors';
import type { AmqpClient } from './client.ts';
import { declareRoute } from './layout.ts';

/** Exchanges and queues, as far as this process knows that they are there. */
export interface Topology {
  establish(routes: readonly Route[]): Promise<void>;
  routeOf(topic: string): Route | undefined;
  /** Something may be gone: all of it is declared again before it is relied on. */
  doubt(): void;
}

export function createTopology(client: AmqpClient): Topology {
  const routes = new Map<string, Route>();
  const established = new Set<string>();
  const nameOf = (topic: string, group: string) => `${topic}\n${group}`;

  return {
    routeOf: (topic) => routes.get(topic),
    doubt: () => established.clear(),
    async establish(asked) {
      const fresh = asked.filter((route) => {
        routes.set(route.topic, route);
        return route.groups.some(({ name }) => !established.has(nameOf(route.topic, name)));
      });
      if (fresh.length === 0) return;
      const channel = await client.channel();
      try {
        for (const route of fresh) {
          await declareRoute(channel, route);
          for (const { name } of route.groups) established.add(nameOf(route.topic, name));
        }
      } catch (error) {
        const why = `RabbitMQ refuses: ${messageOf(error)}`;
        throw new AppError('unavailable', 'broker_refuses', why, { cause: error });
      } finally {
        await channel.close();
      }
    },
  };
}
