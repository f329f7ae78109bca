import { Delays, Gate } from '#simulators/kit';
import { type ChosenFate, Fates } from './fates.ts';
import { Ledger } from './ledger.ts';
import type { Message, Order, ProviderName, State } from './message.ts';
import { providerNames } from './message.ts';
import { Receipts } from './receipts.ts';
import { ScenarioBoard } from './scenarios.ts';
import { changeSettings, ownSettings, type Settings, standardSettings } from './settings.ts';
import { Speakers } from './speakers.ts';
import { StallWatch } from './stall-watch.ts';

export type { ChosenFate } from './fates.ts';
export type { Line } from './ledger.ts';
export * from './message.ts';
export type { Teller } from './receipts.ts';
export * from './scenarios.ts';
export { countParts } from './segments.ts';
export { changeSettings, type Settings } from './settings.ts';
export { type Speaker, unheardLimit } from './speakers.ts';
export { joinParts, type Whole } from './wholes.ts';

export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;

export interface CentreOptions {
  readonly folder: string;
  readonly seed: number;
  readonly settings: Readonly<Partial<Record<ProviderName, Partial<Settings>>>>;
  readonly log: Log;
}

/** How a contract takes part: the shape of its ids, and which states it tells about. */
export interface Dialect {
  readonly makeId: (number: number, epoch: string) => string;
  readonly told: readonly State[];
}

/** All that the contracts share: one ledger, one seed, one clock; how each provider behaves, and what it has counted. */
export class SmsCentre {
  readonly ledger: Ledger;
  readonly board: ScenarioBoard;
  readonly fates: Fates;
  readonly receipts: Receipts;
  readonly speakers: Speakers;
  readonly delays = new Delays();
  readonly stalls = new StallWatch();
  readonly log: Log;
  readonly #options: CentreOptions;
  readonly #settings = new Map<ProviderName, Settings>();
  readonly #gates = new Map<ProviderName, Gate>();
  readonly #calls = new Map<string, number>();
  readonly #spentMinor = new Map<ProviderName, number>();
  readonly #resets: (() => void)[] = [];
  #offsetMs = 0;

  constructor(options: CentreOptions) {
    this.#options = options;
    this.log = options.log;
    this.ledger = new Ledger(options.folder);
    this.board = new ScenarioBoard(options.seed);
    this.fates = new Fates(options.seed, this.board);
    const settingsOf = (provider: ProviderName) => this.settingsOf(provider);
    const [{ ledger }, nowMs] = [this, () => this.nowMs()];
    this.receipts = new Receipts({ ledger, nowMs, settingsOf });
    this.speakers = new Speakers({ ledger, settingsOf, log: options.log });
    this.#startSettings();
  }

  /** What a process before this one accepted goes on; once all tellers are known. */
  start(): void {
    for (const message of this.ledger.messages) {
      if (message.steps.length > 0) this.receipts.schedule(message);
    }
    for (const incoming of this.ledger.unheard) this.speakers.bring(incoming);
  }

  /** The simulator's time: everything that providers say and do is dated by it. */
  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  moveClock(offsetMs: number): void {
    this.#offsetMs = offsetMs;
    this.receipts.look();
  }

  settingsOf(provider: ProviderName): Settings {
    return this.#settings.get(provider) ?? standardSettings;
  }

  changeSettings(provider: ProviderName, settings: Settings): void {
    // A balance that is set is what is left from now on.
    if (settings.balanceMinor !== this.settingsOf(provider).balanceMinor) {
      this.#spentMinor.delete(provider);
    }
    this.#settings.set(provider, settings);
  }

  /** Undefined: it never runs out. */
  balanceOf(provider: ProviderName): number | undefined {
    const { balanceMinor } = this.settingsOf(provider);
    return balanceMinor === null ? undefined : balanceMinor - (this.#spentMinor.get(provider) ?? 0);
  }

  canPay(provider: ProviderName, parts: number): boolean {
    const balance = this.balanceOf(provider);
    return balance === undefined || balance >= parts * this.settingsOf(provider).priceMinor;
  }

  /** Counts a call that arrived, and says whether it is within the provider's rate. */
  admits(provider: ProviderName): boolean {
    const { tps } = this.settingsOf(provider);
    return this.gateOf(provider).admits(performance.now(), tps);
  }

  gateOf(provider: ProviderName): Gate {
    const gate = this.#gates.get(provider) ?? new Gate();
    this.#gates.set(provider, gate);
    return gate;
  }

  fateOf(provider: ProviderName, to: string): ChosenFate {
    return this.fates.fateOf({ provider, to, settings: this.settingsOf(provider) });
  }

  latencyMs(provider: ProviderName): number {
    return this.fates.between(this.settingsOf(provider).latencyMs, 'latency', provider);
  }

  /**
   * Accepts a message and decides what becomes of it. Answer it in `whenAccepted` only: then the disk has it, and a
   * receipt that is to come before the answer has been heard.
   */
  accept(order: Order, dialect: Dialect): { readonly message: Message; readonly isEarly: boolean } {
    const { provider, to, validUntilMs } = order;
    const settings = this.settingsOf(provider);
    const acceptedMs = this.nowMs();
    const startMs = Math.max(acceptedMs, order.sendAtMs ?? acceptedMs);
    const { told } = dialect;
    const plan = this.fates.plan({ provider, to, settings, startMs, validUntilMs, told });
    const costMinor = order.parts * settings.priceMinor;
    this.#spentMinor.set(provider, (this.#spentMinor.get(provider) ?? 0) + costMinor);
    const { isEarly, steps } = plan;
    const message = this.ledger.accept({ order, steps, acceptedMs, costMinor, ...dialect });
    return { message, isEarly };
  }

  whenAccepted(
    accepted: readonly ReturnType<SmsCentre['accept']>[],
    callback: (failure: Error | undefined) => void,
  ): void {
    this.ledger.whenWritten((failure) => {
      if (failure) return callback(failure);
      const early: Message[] = [];
      for (const { isEarly, message } of accepted) {
        if (isEarly && message.state === 'accepted') early.push(message);
        else this.receipts.schedule(message);
      }
      if (early.length === 0) return callback(undefined);
      void this.receipts.happenAtOnce(early).then(() => callback(undefined));
    });
  }

  count(provider: ProviderName, result: string): void {
    const key = `${provider} ${result}`;
    this.#calls.set(key, (this.#calls.get(key) ?? 0) + 1);
  }

  /** How calls went, by `provider result`. */
  get calls(): ReadonlyMap<string, number> {
    return this.#calls;
  }

  /** What a contract remembers in memory is forgotten with the rest. */
  onReset(action: () => void): void {
    this.#resets.push(action);
  }

  /** As on the first day, the clock included. */
  async reset(): Promise<void> {
    this.delays.clear();
    this.receipts.clear();
    this.speakers.clear();
    this.board.clear();
    this.fates.reset();
    await this.ledger.reset();
    // What was accepted while the journal was emptied went with it.
    this.receipts.clear();
    for (const map of [this.#gates, this.#calls, this.#spentMinor]) map.clear();
    this.#startSettings();
    this.stalls.reset();
    this.#offsetMs = 0;
    for (const action of this.#resets) action();
  }

  async close(): Promise<void> {
    this.delays.clear();
    this.receipts.close();
    this.speakers.close();
    this.stalls.close();
    await this.ledger.close();
  }

  #startSettings(): void {
    for (const provider of providerNames) {
      const own = { ...standardSettings, ...ownSettings[provider] };
      const given = this.#options.settings[provider] ?? {};
      this.#settings.set(provider, changeSettings(own, { ...given }));
    }
  }
}
