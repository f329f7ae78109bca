import { join } from 'node:path';
import { type ServiceName, startService, stopService } from '#services';
import type { BenchContext } from './frame/claim.ts';
import { measureCycles } from './frame/cycles.ts';
import { findBrokers } from './frame/find-brokers.ts';
import { startSimulatorProcess, temporaryFolder } from './frame/house.ts';

export const name = 'engines';
export const claim =
  'full charge cycles of one process with the messages on a broker, at least half as often as with PostgreSQL ' +
  'carrying them: a broker on the same cores is load, and pays when there are more machines';

const TARGET = 0.5;
const SERVICE: Readonly<Record<'amqp' | 'kafka', ServiceName>> = {
  amqp: 'rabbitmq',
  kafka: 'kafka',
};

export async function run(context: BenchContext): Promise<void> {
  const { brokers, missing } = await findBrokers();
  for (const line of missing) context.note(line);
  const simulator = await startSimulatorProcess();
  try {
    for (const { engine } of brokers) {
      // The pipeline's topics have the same names everywhere: each sample has a broker of its own.
      const onBroker = async () => {
        const folder = await temporaryFolder();
        const options = { folder: join(folder.path, 'services') };
        try {
          const { record } = await startService(SERVICE[engine], options);
          return await measureCycles(context, simulator, record.url);
        } finally {
          await stopService(SERVICE[engine], { ...options, wipe: true });
          await folder.remove();
        }
      };
      await context.compare({
        ...{ situation: `on ${engine}`, unit: 'cycles/s', against: 'on postgres', target: TARGET },
        ...{ ours: onBroker, floor: () => measureCycles(context, simulator) },
      });
    }
  } finally {
    await simulator.stop();
  }
}
