import {
  Acquirer,
  changeSettings,
  changeSite,
  type Log,
  runSubscriptions,
  type Settings,
  type SiteSettings,
  standardSettings,
  standardSite,
  watchAuthorization,
} from '#simulators/cloudpayments/acquirer';
import { Delays, type Fields, type Served, serve } from '#simulators/kit';
import { createCloudPaymentsServer } from './server.ts';

export {
  cryptogramOf,
  type EnteredCard,
  type ScenarioName,
  type Settings,
  type SiteSettings,
  signatureHeaders,
  testCards,
} from '#simulators/cloudpayments/acquirer';

/** The terminal that is there when none is named. */
export const standardPublicId = 'test_api_00000000000000000000002';

type AddressWish = string | Partial<SiteSettings['notifications']['Pay']>;

/** What differs from the standard terminal; a notification's address alone means that it is sent there by POST. */
export type SiteWish = Partial<Omit<SiteSettings, 'notifications'>> & {
  readonly notifications?: Readonly<
    Partial<Record<keyof SiteSettings['notifications'], AddressWish>>
  >;
};

export interface CloudPaymentsSimulatorOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Where the journal stands; made if absent. One running simulator per folder. */
  readonly folder: string;
  /** Default 1. The same seed and the same calls give the same misfortunes. */
  readonly seed?: number;
  /** What differs from the standard settings. */
  readonly settings?: Partial<Settings>;
  /** By Public ID. Default: one standard terminal. */
  readonly sites?: Readonly<Record<string, SiteWish>>;
  readonly log?: Log;
}

/** The gateway while it stands. */
export type CloudPaymentsSimulator = Served;

/** The payment gateway as an HTTP server; README.md beside this file is its contract. */
export async function startCloudPaymentsSimulator(
  options: CloudPaymentsSimulatorOptions,
): Promise<CloudPaymentsSimulator> {
  const { folder, host = '127.0.0.1', log = () => undefined, seed = 1 } = options;
  const wishes = options.sites ?? { [standardPublicId]: {} };
  const sites = Object.entries(wishes).map(([publicId, wish]) => [
    publicId,
    changeSite(standardSite, wish as Fields),
  ]);
  const settings = changeSettings(standardSettings, { ...options.settings });
  const acquirer = new Acquirer({ folder, seed, settings, sites: Object.fromEntries(sites), log });
  const delays = new Delays();
  const server = createCloudPaymentsServer({ acquirer, delays });
  const end = async () => {
    delays.clear();
    await acquirer.close();
  };
  const served = await serve({ server, port: options.port, host, end });
  goOn(acquirer);
  return served;
}

/** Takes up what was to be done when it was ended. */
function goOn(acquirer: Acquirer): void {
  for (const transaction of acquirer.store.transactions.values()) {
    if (transaction.status === 'Authorized') watchAuthorization(acquirer, transaction);
  }
  runSubscriptions(acquirer);
  acquirer.notifier.resume();
}
