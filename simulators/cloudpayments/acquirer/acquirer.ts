import { monitorEventLoopDelay } from 'node:perf_hooks';
import { chance, SlidingSecond } from '#simulators/kit';
import type { Answer, Change } from './change.ts';
import { Notifier } from './notifier.ts';
import type { Address, NotificationType, Subscription } from './records.ts';
import { ScenarioBoard } from './scenarios.ts';
import type { Settings, SiteSettings } from './settings.ts';
import { addressKey, Store } from './store.ts';
import { VirtualClock } from './virtual-clock.ts';

export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;

/** A terminal of a merchant while the gateway runs. */
export interface Site {
  readonly publicId: string;
  settings: SiteSettings;
  /** Calls that are being answered. */
  inFlight: number;
  mostInFlight: number;
}

export interface AcquirerOptions {
  readonly folder: string;
  readonly seed: number;
  readonly settings: Settings;
  readonly sites: Readonly<Record<string, SiteSettings>>;
  readonly log: Log;
}

/** The gateway: what it knows, how it misbehaves, and what it has counted. */
export class Acquirer {
  readonly store: Store;
  readonly board: ScenarioBoard;
  readonly clock = new VirtualClock();
  readonly notifier: Notifier;
  readonly sites = new Map<string, Site>();
  readonly log: Log;
  readonly stalls = monitorEventLoopDelay({ resolution: 10 });
  /** By kind and how it went. */
  readonly counts = new Map<string, number>();
  settings: Settings;
  callsPerSecond = new SlidingSecond();
  /** What a new or changed subscription is shown to. */
  onSubscription: (subscription: Subscription) => void = () => undefined;
  readonly #options: AcquirerOptions;
  #draws = 0;

  constructor(options: AcquirerOptions) {
    this.#options = options;
    this.store = new Store(options.folder);
    this.clock.offsetMs = this.store.clockOffsetMs;
    this.board = new ScenarioBoard(options.seed);
    this.notifier = new Notifier(this);
    this.settings = options.settings;
    this.log = options.log;
    this.#openSites();
    this.stalls.enable();
  }

  /** What the merchant has set by the API goes before what the simulator was started with. */
  addressOf({ publicId, settings }: Site, type: NotificationType): Address {
    return this.store.addresses.get(addressKey(publicId, type)) ?? settings.notifications[type];
  }

  /** Makes it so, and tells of it when it is written. Resolves when what is to be told early has been. */
  settle(change: Change): Promise<unknown> {
    const plans = (change.notifications ?? []).map((each) => this.notifier.plan(each));
    const notifications = plans.map(({ notification }) => notification);
    this.store.commit(plans.length === 0 ? change : { ...change, notifications });
    for (const subscription of change.subscriptions ?? []) this.onSubscription(subscription);
    if (plans.length === 0) return nothing;
    return new Promise((resolve) => {
      this.store.whenWritten((failure) => {
        // A merchant must not hear of what a crash may undo.
        if (failure) return resolve(undefined);
        void Promise.all(plans.map((plan) => this.notifier.start(plan))).then(resolve);
      });
    });
  }

  /** Time passes until then, with all that is due meanwhile. */
  async passTo(timeMs: number): Promise<void> {
    await this.clock.passTo(timeMs);
    this.store.commit({ clockOffsetMs: this.clock.offsetMs });
  }

  count(kind: string, result: string): void {
    const key = `${kind}\n${result}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  draw(purpose: string): number {
    this.#draws += 1;
    return chance(this.#options.seed, purpose, this.#draws);
  }

  /** As on the first day. */
  async reset(): Promise<void> {
    this.clock.clear();
    this.board.clear();
    this.notifier.clear();
    this.counts.clear();
    this.settings = this.#options.settings;
    this.callsPerSecond = new SlidingSecond();
    this.#openSites();
    this.stalls.reset();
    this.#draws = 0;
    await this.store.reset();
  }

  async close(): Promise<void> {
    this.stalls.disable();
    this.clock.close();
    await this.notifier.postman.close();
    await this.store.close();
  }

  #openSites(): void {
    for (const [publicId, settings] of Object.entries(this.#options.sites)) {
      const known = this.sites.get(publicId);
      if (known) Object.assign(known, { settings, mostInFlight: known.inFlight });
      else this.sites.set(publicId, { publicId, settings, inFlight: 0, mostInFlight: 0 });
    }
  }
}

const nothing = Promise.resolve();

/** Whoever asks for something: what it comes to is made so and answered in one step, without a gap in which another could ask. */
export interface Caller {
  readonly acquirer: Acquirer;
  readonly site: Site;
  readonly settle: (answer: Answer, change: Change) => Answer;
}

export function refuse(message: string): Answer {
  return { success: false, message };
}
