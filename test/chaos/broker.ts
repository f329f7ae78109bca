import { join } from 'node:path';
import {
  killService,
  pauseService,
  restartService,
  resumeService,
  type ServiceName,
  startService,
  stopService,
} from '#services';
import { createTcpProxy, type Lifetime, temporaryFolder } from '#testing';
import { pause } from './world.ts';

/** A broker of the run's own, which may die. */
export interface Broker {
  /** What `BUS_URL` is set to. */
  readonly url: string;
  /** Where its own tools find it. */
  readonly folder: string;
  restart(): Promise<void>;
  /** `kill -9` */
  kill(): Promise<void>;
  /** Up again after a kill, at the same URL. */
  start(): Promise<void>;
  /** Both. */
  crash(): Promise<void>;
  freeze(forMs: number): Promise<void>;
  /** Ends the connections that it has. Kafka's clients are told its own address, so theirs are left alone. */
  cut(): void;
}

export type BrokerEngine = 'amqp' | 'kafka';

const SERVICE: Readonly<Record<BrokerEngine, ServiceName>> = { amqp: 'rabbitmq', kafka: 'kafka' };

/** Starts one with data of its own; it ends with `life`. */
export async function openBroker(
  life: Lifetime,
  engine: BrokerEngine,
  say: (line: string) => void,
): Promise<Broker> {
  const name = SERVICE[engine];
  const options = { folder: join(await temporaryFolder(life), 'services'), say };
  life.after(() => stopService(name, { ...options, wipe: true }));
  const { record } = await startService(name, options);
  const line = engine === 'amqp' ? await openLine(life, record.url) : undefined;
  const kill = () => killService(name, options);
  const start = async () => {
    await startService(name, options);
  };
  return {
    ...{ url: line?.url ?? record.url, folder: options.folder, kill, start },
    async restart() {
      await restartService(name, options);
    },
    async crash() {
      await kill();
      await start();
    },
    async freeze(forMs) {
      await pauseService(name, options);
      await pause(forMs);
      await resumeService(name, options);
    },
    cut: () => line?.cut(),
  };
}

/** A line between the processes and the broker that can be cut. */
async function openLine(life: Lifetime, url: string) {
  const target = new URL(url);
  const proxy = await createTcpProxy({ host: target.hostname, port: Number(target.port) });
  await proxy.open();
  life.after(() => proxy.close());
  const near = new URL(url);
  near.port = String(proxy.port);
  return { url: near.href, cut: proxy.cut };
}
