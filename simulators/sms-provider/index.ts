import { type Served, serve } from '#simulators/kit';
import {
  type Log,
  type ProviderName,
  type Settings,
  SmsCentre,
} from '#simulators/sms-provider/centre';
import { joinContracts } from '#simulators/sms-provider/contracts';
import { createSmsProviderServer } from './server.ts';
import { type SmppCentre, startSmppCentre } from './smpp/smpp.ts';

export type { ProviderName, ScenarioName, Settings } from '#simulators/sms-provider/centre';

export interface SmsProviderSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Default 1. The same seed and the same calls give the same misfortunes. */
  readonly seed?: number;
  /** What differs from the standard settings: credentials, where receipts go, shares of misfortune. */
  readonly settings?: Readonly<Partial<Record<ProviderName, Partial<Settings>>>>;
  /** The port of its SMPP centre. Default 0: any free one. */
  readonly smppPort?: number;
  readonly log?: Log;
}

export interface SmsProviderSimulator extends Served {
  readonly smpp: Pick<SmppCentre, 'port' | 'manners' | 'change' | 'act'>;
}

/** All SMS providers as one HTTP server; README.md beside this file is its contract. */
export async function startSmsProviderSimulator(
  options: SmsProviderSimulatorOptions,
): Promise<SmsProviderSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, seed = 1, settings = {} } = options;
  const centre = new SmsCentre({ folder, seed, settings, log });
  const leave = joinContracts(centre);
  const smpp = await startSmppCentre(centre, { port: options.smppPort ?? 0, host });
  const server = createSmsProviderServer(centre, smpp);
  const end = async () => {
    await smpp.close();
    await leave();
    await centre.close();
  };
  const served = await serve({ server, port: options.port, host, end });
  centre.start();
  return { ...served, smpp };
}
