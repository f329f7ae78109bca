import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunAs } from '#run-as';

/** The brokers that can be started on this machine, without Docker. */
export const SERVICE_NAMES = ['rabbitmq', 'kafka'] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** As they stand before their URLs. */
export const SERVICE_TITLES: Readonly<Record<ServiceName, string>> = {
  rabbitmq: 'AMQP',
  kafka: 'Kafka',
};

/** Of this checkout, beside the data of `npm start`. */
export const DEFAULT_FOLDER = join(import.meta.dirname, '..', '..', '.kopek', 'services');

/** What a service is started with. */
export interface Setting {
  /** The folder of this service alone, absolute. Run by root, the broker is another user and must get there. */
  readonly folder: string;
  /** What must outlive a restart lies below it. */
  readonly home: string;
  /** Whether packages that are missing may be installed. */
  readonly install: boolean;
  say(line: string): void;
}

/** One process of a service. */
export interface Program {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly logFile: string;
  readonly as: RunAs | undefined;
}

/** All that is needed to start it now. */
export interface Prepared {
  readonly url: string;
  /** In the order in which they start. The last one is the broker. */
  readonly programs: readonly Program[];
  /** Whose end is shown when it does not come up. */
  readonly logFiles: readonly string[];
}

/** One that this machine can run. */
export interface Service {
  /** Finds or fetches what it consists of, and writes its settings. */
  prepare(setting: Setting): Promise<Prepared>;
}

/** It can't be had, and this is what the person may do about it. */
export class ServiceFault extends Error {
  readonly advice: readonly string[];

  constructor(message: string, advice: readonly string[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ServiceFault';
    this.advice = advice;
  }
}

/** An absolute folder; `~` is the shell's business, but npm passes it on where it was quoted. */
export function servicesFolder(folder?: string): string {
  if (!folder) return DEFAULT_FOLDER;
  return resolve(folder.replace(/^~(?=\/|$)/, homedir()));
}
