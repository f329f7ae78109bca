import { chance } from './chance.ts';
import { SimulatorClock } from './clock.ts';
import { Delays } from './delays.ts';
import { FaultBoard } from './faults.ts';
import { type Fields, readNumber } from './fields.ts';
import { MoneyBook } from './money-book.ts';
import { Notices, type NoticesOptions } from './notices.ts';
import { ObjectStore } from './object-store.ts';
import { Gate } from './rate.ts';
import { Schedule } from './schedule.ts';
import { changeNamed, type SettingReaders, type Span, spanUpTo } from './settings.ts';

/** What every gateway can be told. */
export interface LineSettings {
  readonly latencyMs: Span;
  /** Calls in any second; null: no limit. */
  readonly tps: number | null;
  /** How late `delay`, `late` and `pending` are unless they say it themselves. */
  readonly lateMs: number;
}

export const standardLine: LineSettings = {
  latencyMs: { min: 0, max: 0 },
  tps: null,
  lateMs: 30_000,
};

const maxDelayMs = 7 * 24 * 3_600_000;

export const lineReaders: SettingReaders<LineSettings> = {
  latencyMs: spanUpTo(maxDelayMs),
  tps: (value, field) =>
    value === null ? null : readNumber(value, { field, min: 0, max: 1_000_000 }),
  lateMs: (value, field) => readNumber(value, { field, min: 0, max: maxDelayMs }),
};

export type GatewayLog = (event: string, details: Readonly<Record<string, unknown>>) => void;

export interface GatewayOptions<Settings extends LineSettings> {
  /** One word, as in `stripe`: of its metrics and pages. */
  readonly name: string;
  readonly folder: string;
  readonly seed: number;
  readonly settings: Settings;
  readonly readers: SettingReaders<Settings>;
  /** What its notifications carry; absent: it sends none. */
  readonly notices?: Pick<NoticesOptions, 'settings' | 'headersOf'>;
  readonly log: GatewayLog;
}

/** What gateways of money have in common: one store, one book, one clock; how they misbehave, and what was counted. */
export class GatewaySimulator<Settings extends LineSettings> {
  readonly name: string;
  readonly store: ObjectStore;
  readonly book: MoneyBook;
  readonly clock = new SimulatorClock();
  readonly faults: FaultBoard;
  readonly schedule: Schedule;
  readonly notices: Notices | undefined;
  readonly delays = new Delays();
  readonly gate = new Gate();
  readonly log: GatewayLog;
  /** Answers (or none), by `operation result`. */
  readonly calls = new Map<string, number>();
  settings: Settings;
  readonly #options: GatewayOptions<Settings>;
  readonly #resets: (() => void)[] = [];
  #draws = 0;

  constructor(options: GatewayOptions<Settings>) {
    this.#options = options;
    this.name = options.name;
    this.settings = options.settings;
    this.log = options.log;
    this.store = new ObjectStore(options.folder);
    this.book = new MoneyBook(this.store);
    this.faults = new FaultBoard(options.seed);
    const { clock, store } = this;
    this.schedule = new Schedule(store, clock);
    const { notices, seed } = options;
    this.notices = notices && new Notices({ ...notices, clock, store, seed });
  }

  /** What a process before this one had still to do and to tell: once all of it is wired. */
  start(): void {
    this.schedule.start();
    this.notices?.start();
  }

  change(fields: Fields): void {
    this.settings = changeNamed(this.settings, fields, this.#options.readers);
  }

  count(operation: string, result: string | number): void {
    const key = `${operation} ${result}`;
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
  }

  nextLatencyMs(): number {
    const { max, min } = this.settings.latencyMs;
    if (max === 0) return 0;
    this.#draws += 1;
    return min + chance(this.#options.seed, 'latency', this.#draws) * (max - min);
  }

  onReset(action: () => void): void {
    this.#resets.push(action);
  }

  /** As on the first day, the clock included. */
  async reset(): Promise<void> {
    this.delays.clear();
    this.clock.reset();
    this.faults.clear();
    this.calls.clear();
    this.settings = this.#options.settings;
    this.#draws = 0;
    await this.store.reset();
    for (const action of this.#resets) action();
  }

  async close(): Promise<void> {
    this.delays.clear();
    this.clock.close();
    await this.notices?.close();
    await this.store.close();
  }
}
