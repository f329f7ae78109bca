import type { Bus } from '#bus';
import type { Config } from '#config';
import type { Database } from '#database';
import type { Log } from '#log';
import type { Reports } from '#reports';

/** What the commands need of the running platform; `src/app.ts` wires it, `src/main.ts` brings both together. */
export interface App {
  readonly database: Database;
  readonly bus: Bus;
  readonly reports: Reports;
  readonly report: StartReport;
  /** Answers how many calls to the outside had no answer in time; they are asked about at the next start. */
  stop(): Promise<{ readonly unanswered: number }>;
}

export interface StartReport {
  readonly database: {
    readonly version: string;
    readonly embedded: boolean;
    readonly created: boolean;
    /** Applied by this start. */
    readonly migrations: number;
    readonly readyMs: number;
  };
  readonly processes: readonly string[];
  /** The brokers that carry messages; none where the database carries all. `away` is why one can't be reached. */
  readonly brokers: readonly { readonly engine: string; readonly away?: string }[];
  readonly simulators: readonly string[];
  readonly urls: {
    readonly site?: string;
    readonly landing?: string;
    readonly phone?: string;
    readonly erp?: string;
    readonly handsets?: string;
    /** The operator's page of the simulated card gateway. */
    readonly cards?: string;
    /** What the simulated `processing` executed. */
    readonly processing?: string;
    readonly api?: string;
    readonly metrics?: string;
  };
  readonly readyMs: number;
  readonly demo: { readonly created: boolean; readonly keyFile?: string };
  readonly counts: { readonly subscriptions: number };
}

export const PROCESS_NAMES = [
  'dispatcher',
  'mt-manager',
  'telco',
  'qlistener',
  'accounts',
  'payout-api',
  'req-gate',
  'oebs-gate',
  'sms-rules',
  'sms-api',
  'sms-sender',
  'payments-api',
  'saver',
  'processor',
  'notifier',
  'state-machine',
  'client-admin',
] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

export type StartApp = (options: {
  readonly config: Config;
  readonly processes: readonly ProcessName[];
  readonly log: Log;
  readonly demo: boolean;
  readonly simulator: boolean;
  readonly erpSimulator?: boolean;
  /** Start the simulator of SMS providers. */
  readonly smsSimulator?: boolean;
  /** Start the simulator of a card gateway. */
  readonly cardSimulator?: boolean;
  /** Start the simulator of the service `processing`. */
  readonly processingSimulator?: boolean;
  /** Processes that have a door of their own beside the site. */
  readonly ownDoors?: readonly ProcessName[];
  /** Somebody else migrates the database: wait for it, until this is aborted. Absent: the start migrates it. */
  readonly waitForMigrations?: AbortSignal;
}) => Promise<App>;
