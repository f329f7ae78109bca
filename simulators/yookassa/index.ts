import {
  createGatewayServer,
  type GatewayLog,
  GatewaySimulator,
  type Served,
  serve,
} from '#simulators/kit';
import { readYooKassaCall } from './api.ts';
import { checkoutRoutes } from './checkout.ts';
import { decide, expire } from './payments.ts';
import { finishRefund } from './refunds.ts';
import { readers, standardSettings, type YooKassaSettings } from './settings.ts';
import { Shop } from './shop.ts';

export type { YooKassaSettings } from './settings.ts';

export interface YooKassaSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Where notifications are posted; absent: nowhere. */
  readonly webhookUrl?: string;
  /** Default 1. The same seed and the same calls meet the same fates. */
  readonly seed?: number;
  readonly settings?: Partial<YooKassaSettings>;
  readonly log?: GatewayLog;
}

export type YooKassaSimulator = Served;

/** YooKassa's API with a book of what was really paid; README.md beside this file is its contract. */
export async function startYooKassaSimulator(
  options: YooKassaSimulatorOptions,
): Promise<YooKassaSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, port, seed = 1 } = options;
  const noticeUrl = options.webhookUrl ?? '';
  const gateway: GatewaySimulator<YooKassaSettings> = new GatewaySimulator<YooKassaSettings>({
    ...{ name: 'yookassa', folder, seed, readers, log },
    settings: { ...standardSettings, noticeUrl, ...options.settings },
    notices: { settings: () => gateway.settings, headersOf: () => ({}) },
  });
  const shop = new Shop(gateway);
  const { schedule } = gateway;
  schedule.on('confirmation', (id) => expire(shop, id));
  schedule.on('reservation', (id) => expire(shop, id));
  schedule.on('decide', (id) => decide(shop, id));
  schedule.on('refund', (id) => finishRefund(shop, id));
  schedule.on('receipt', (id) => shop.finishReceipt(id));
  gateway.start();
  const api = readYooKassaCall(shop);
  const server = createGatewayServer({ gateway, api, routes: checkoutRoutes(shop) });
  return serve({ server, port, host, end: () => gateway.close() });
}
