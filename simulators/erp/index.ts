import { type Served, serve } from '#simulators/kit';
import { Erp, type Log } from './erp.ts';
import { createErpServer } from './server.ts';
import type { Settings } from './settings.ts';
import type { ErpTransport } from './transport.ts';

export type { Feed, StatusMessage } from './order.ts';
export type { ErpTransport } from './transport.ts';

export interface ErpSimulatorOptions {
  /** Of its book, its page and its controls; 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** How it hears and speaks. The simulator closes it. */
  readonly transport: ErpTransport;
  /** Default 1. The same seed and the same payouts of a client meet the same fates. */
  readonly seed?: number;
  readonly settings?: Partial<Settings>;
  readonly log?: Log;
}

/** What is not told yet when it closes is told by the next start. */
export type ErpSimulator = Served;

/** An ERP that pays out, with its own book; README.md beside this file is its contract. */
export async function startErpSimulator(options: ErpSimulatorOptions): Promise<ErpSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, seed = 1, transport } = options;
  const erp = await Erp.open({
    ...{ folder, seed, transport, log },
    ...(options.settings ? { settings: options.settings } : {}),
  });
  const server = createErpServer(erp, log);
  return serve({ server, port: options.port, host, end: () => erp.close() });
}
