import { join } from 'node:path';
import type { Consumer } from '#bus';
import type { Config } from '#config';
import { AppError } from '#errors';
import { newPayoutGroup, payoutTopics } from '#payouts';
import {
  type CloudPaymentsSimulator,
  startCloudPaymentsSimulator,
} from '#simulators/cloudpayments';
import { type ErpSimulator, type ErpTransport, startErpSimulator } from '#simulators/erp';
import { type OperatorSimulator, startOperatorSimulator } from '#simulators/operator';
import { type ProcessingSimulator, startProcessingSimulator } from '#simulators/processing';
import { type SmsProviderSimulator, startSmsProviderSimulator } from '#simulators/sms-provider';
import { demoOperator } from './demo.ts';
import { demoTerminals } from './demo-cards.ts';
import { demoCallbacks } from './demo-sms.ts';
import type { House } from './house.ts';

const ERP_BATCH = 500;

export function startOperator(config: Config): Promise<OperatorSimulator> {
  const port = config.operatorSimulatorPort;
  return namingPort({ port, setting: 'OPERATOR_SIMULATOR_PORT' }, () =>
    startOperatorSimulator({
      ...{ port, host: config.host },
      folder: join(config.dataDir, 'simulator', demoOperator.name),
      moUrl: `http://127.0.0.1:${config.dispatcherPort}/v1/operators/${demoOperator.name}/mo`,
    }),
  );
}

/** The ERP hears and speaks over the bus of the house, whatever carries it. */
export function startErp(house: House): Promise<ErpSimulator> {
  const { config, log } = house;
  const port = config.erpSimulatorPort;
  return namingPort({ port, setting: 'ERP_SIMULATOR_PORT' }, () =>
    startErpSimulator({
      ...{ port, host: config.host, folder: join(config.dataDir, 'simulator', 'erp') },
      transport: busTransport(house),
      log: (event, details) => log.warn({ simulator: 'erp', ...details }, event),
    }),
  );
}

/** Its providers tell what becomes of messages where the site stands. */
export function startSmsProviders(config: Config): Promise<SmsProviderSimulator> {
  const port = config.smsSimulatorPort;
  return namingPort({ port, setting: 'SMS_SIMULATOR_PORT' }, () =>
    startSmsProviderSimulator({
      ...{ port, host: config.host, folder: join(config.dataDir, 'simulator', 'sms-provider') },
      settings: demoCallbacks(`http://127.0.0.1:${config.dispatcherPort}`),
    }),
  );
}

/** A card gateway that tells what happened where the site stands. */
export function startCards(config: Config): Promise<CloudPaymentsSimulator> {
  const port = config.cardSimulatorPort;
  return namingPort({ port, setting: 'CARD_SIMULATOR_PORT' }, () =>
    startCloudPaymentsSimulator({
      ...{ port, host: config.host, folder: join(config.dataDir, 'simulator', 'cloudpayments') },
      sites: demoTerminals(`http://127.0.0.1:${config.dispatcherPort}`),
    }),
  );
}

/** The service that executes transactions, where the original had it. */
export function startProcessing(config: Config): Promise<ProcessingSimulator> {
  const port = config.processingSimulatorPort;
  return namingPort({ port, setting: 'PROCESSING_SIMULATOR_PORT' }, () =>
    startProcessingSimulator({
      ...{ port, host: config.host },
      folder: join(config.dataDir, 'simulator', 'processing'),
    }),
  );
}

function busTransport({ bus, config, database }: House): ErpTransport {
  const topics = payoutTopics(config.payoutTopicPrefix);
  const feeds = { ard: topics.statusArd, oebs: topics.statusOebs };
  let consumer: Consumer | undefined;
  return {
    take(take, isHere) {
      const room = () => (isHere() ? ERP_BATCH : 0);
      consumer = bus.consume(
        newPayoutGroup(topics),
        { batchSize: ERP_BATCH, room },
        async (_tx, messages) => {
          // The journal has them before this commits: after a crash between the two it is asked again, and pays once.
          await take(messages.map(({ payload }) => payload)).catch((cause: unknown) => {
            throw new AppError('unavailable', 'erp_away', 'The ERP takes nothing now.', { cause });
          });
        },
      );
    },
    tell: (feed, statuses) =>
      database.transaction((tx) =>
        bus.publish(
          tx,
          feeds[feed],
          statuses.map((payload) => ({ key: payload.erp_id, payload })),
        ),
      ),
    close: async () => consumer?.stop(),
  };
}

async function namingPort<Started>(
  { port, setting }: { readonly port: number; readonly setting: string },
  start: () => Promise<Started>,
): Promise<Started> {
  try {
    return await start();
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    throw new AppError('precondition', 'port_in_use', `Port ${port} is taken.`, {
      ...{ cause: error, details: { port, setting } },
    });
  }
}
