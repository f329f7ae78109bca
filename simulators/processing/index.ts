import {
  createGatewayServer,
  type GatewayLog,
  GatewaySimulator,
  type LineSettings,
  lineReaders,
  readShare,
  type Served,
  type SettingReaders,
  type Span,
  serve,
  standardLine,
} from '#simulators/kit';
import { readTransaction } from './transactions.ts';

export interface ProcessingSettings extends LineSettings {
  /** The share of transactions that are answered with an error. The original: one half. */
  readonly errors: number;
}

export interface ProcessingSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Default 1. The same seed and the same transactions meet the same fates. */
  readonly seed?: number;
  readonly settings?: { readonly errors?: number; readonly latencyMs?: Span };
  readonly log?: GatewayLog;
}

export type ProcessingSimulator = Served;

const readers: SettingReaders<ProcessingSettings> = { ...lineReaders, errors: readShare };

/** The service that executes transactions; README.md beside this file is its contract. */
export async function startProcessingSimulator(
  options: ProcessingSimulatorOptions,
): Promise<ProcessingSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, port, seed = 1 } = options;
  const settings = { ...standardLine, errors: 0, ...options.settings };
  const gateway = new GatewaySimulator<ProcessingSettings>({
    ...{ name: 'processing', folder, seed, settings, readers, log },
  });
  const api = readTransaction(gateway, seed);
  const server = createGatewayServer({ gateway, api, routes: [] });
  return serve({ server, port, host, end: () => gateway.close() });
}
