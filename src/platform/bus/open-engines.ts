import { messageOf } from '#errors';
import type { BusCore } from './core.ts';
import type { Engine } from './engine.ts';
import type { EngineName, QueueRow } from './postgres/store.ts';

/** A start does not wait longer for a broker. */
const START_PATIENCE_MS = 3000;
const PAUSE_MS = 50;

/** Opens the brokers among `urls`; a client is loaded only where it is used. */
export async function openEngines(
  core: BusCore,
  urls: ReadonlyMap<EngineName, string>,
): Promise<ReadonlyMap<EngineName, Engine>> {
  const engines = new Map<EngineName, Engine>();
  const [amqp, kafka] = [urls.get('amqp'), urls.get('kafka')];
  if (amqp !== undefined) {
    const { openAmqpEngine } = await import('./amqp/engine.ts');
    engines.set('amqp', openAmqpEngine(core, amqp));
  }
  if (kafka !== undefined) {
    const { openKafkaEngine } = await import('./kafka/engine.ts');
    engines.set('kafka', openKafkaEngine(core, kafka));
  }
  return engines;
}

/** Makes ready what groups need on their brokers. One that is away is no failure: the relay does it before it sends. */
export async function establishGroups(
  core: BusCore,
  engines: ReadonlyMap<EngineName, Engine>,
  queues: readonly QueueRow[],
): Promise<void> {
  for (const [name, engine] of engines) {
    const routes = queues
      .filter((queue) => queue.engine === name)
      .map(({ topic, ordered, priorities, queue, group_name }) => ({
        ...{ topic, ordered, priorities },
        groups: [{ queue, name: group_name }],
      }));
    if (routes.length === 0) continue;
    try {
      await whenReady(engine);
      await engine.establish(routes);
    } catch (error) {
      core.log.warn(
        { engine: name, reason: messageOf(error) },
        'a broker is away; it is waited for',
      );
    }
  }
}

/** Waits for a client that has just begun to connect. Throws why it is not there. */
export async function whenReady(engine: Engine): Promise<void> {
  const endMs = performance.now() + START_PATIENCE_MS;
  for (;;) {
    try {
      await engine.ready();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}
