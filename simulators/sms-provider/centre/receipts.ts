import { Agenda } from '#simulators/kit';
import type { Ledger } from './ledger.ts';
import type { Message, ProviderName, Receipt, Step } from './message.ts';
import type { Settings } from './settings.ts';

/** Brings receipts to whoever waits for them: true when they were taken, false when they are to come again. */
export interface Teller {
  /** How many receipts it can bring at once. */
  readonly most: number;
  tell(receipts: readonly Receipt[]): Promise<boolean>;
}

export interface ReceiptsOptions {
  readonly ledger: Ledger;
  readonly nowMs: () => number;
  readonly settingsOf: (provider: ProviderName) => Settings;
}

interface Item {
  readonly message: Message;
  readonly step: Step;
}

interface Telling {
  readonly item: Item;
  readonly receipt: Receipt;
  attempts: number;
  readonly settled: (taken: boolean) => void;
}

/** At once to one provider's caller. */
const tellingAtOnce = 128;
/** How long an answer waits for receipts that are to come before it. */
const earlyPatienceMs = 5_000;
const longestWaitMs = 1_000;

/** Lets happen, and tells, what was planned for messages when they were accepted. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #agenda = new Agenda<Item>();
  readonly #tellers = new Map<ProviderName, Teller>();
  readonly #lines = new Map<ProviderName, { waiting: Telling[]; busy: number }>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #wake: NodeJS.Timeout | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;
  #epoch = 0;
  /** Receipts that were not taken and wait for their next attempt. */
  #pausing = 0;
  #closed = false;
  taken = 0;
  givenUp = 0;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** What is still to happen, and receipts that nobody has taken yet. */
  get waiting(): number {
    let telling = this.#pausing;
    for (const { busy, waiting } of this.#lines.values()) telling += busy + waiting.length;
    return this.#agenda.size + telling;
  }

  tellWith(provider: ProviderName, teller: Teller): void {
    this.#tellers.set(provider, teller);
  }

  /** From now on a message's steps happen when they are due: only for a message that is in the journal. */
  schedule(message: Message): void {
    for (const step of message.steps) this.#agenda.add(step.dueMs, { message, step });
    this.#setAlarm();
  }

  /** All steps of these messages now, their receipts told once: resolves when they were heard, or after a while. */
  async happenAtOnce(messages: readonly Message[]): Promise<void> {
    const told = messages.flatMap((message) =>
      message.steps
        .toSorted((left, right) => left.dueMs - right.dueMs)
        .map((step) => this.#happen({ message, step }, step.dueMs)),
    );
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, earlyPatienceMs);
      this.#timers.add(timer);
    });
    await Promise.race([Promise.all(told), patience]);
    clearTimeout(timer);
  }

  /** Everything that waits happens now, in its order, however far away it was. Returns how much that was. */
  deliverNow(): number {
    const items = this.#agenda.take(Number.POSITIVE_INFINITY);
    this.#run(items);
    return items.length;
  }

  /** The clock was moved: what is due by the new time happens. */
  look(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    clearTimeout(this.#wake);
    this.#run(this.#agenda.take(this.#options.nowMs()));
    this.#setAlarm();
  }

  clear(): void {
    this.#epoch += 1;
    this.#agenda.clear();
    this.#lines.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    [this.taken, this.givenUp, this.#pausing] = [0, 0, 0];
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#wake);
    this.clear();
  }

  #setAlarm(): void {
    const next = this.#agenda.nextMs;
    if (next === undefined || next >= this.#wakeMs || this.#closed) return;
    clearTimeout(this.#wake);
    this.#wakeMs = next;
    // Looked at once a second in any case: the clock may be moved, and a timer holds 24 days only.
    const waitMs = Math.min(Math.max(0, next - this.#options.nowMs()), longestWaitMs);
    this.#wake = setTimeout(() => this.look(), waitMs);
  }

  #run(items: readonly Item[]): void {
    const nowMs = this.#options.nowMs();
    for (const item of items) void this.#happen(item, Math.min(nowMs, item.step.dueMs));
  }

  /** Resolves, for a receipt, when it was taken or given up the first time. */
  #happen(item: Item, atMs: number): Promise<boolean> {
    const { message, step } = item;
    if (!message.steps.includes(step)) return Promise.resolve(false);
    if (!step.told) {
      this.#options.ledger.finish(message, step, atMs);
      return Promise.resolve(true);
    }
    if (!this.#tellers.has(message.provider)) {
      this.#options.ledger.finish(message, step, atMs);
      return Promise.resolve(false);
    }
    return new Promise((settled) => {
      const stateMs = message.state === step.state ? message.stateMs : atMs;
      const receipt = { message, state: step.state, stateMs, code: step.code };
      this.#queue(message.provider, { item, receipt, attempts: 0, settled });
    });
  }

  #queue(provider: ProviderName, telling: Telling): void {
    const line = this.#lines.get(provider) ?? { waiting: [], busy: 0 };
    this.#lines.set(provider, line);
    line.waiting.push(telling);
    if (line.busy < tellingAtOnce) queueMicrotask(() => this.#work(provider));
  }

  #work(provider: ProviderName): void {
    const line = this.#lines.get(provider);
    const teller = this.#tellers.get(provider);
    while (line && teller && line.waiting.length > 0 && line.busy < tellingAtOnce) {
      const tellings = line.waiting.splice(0, teller.most);
      line.busy += 1;
      void this.#tell(teller, tellings).finally(() => {
        line.busy -= 1;
        if (!this.#closed) this.#work(provider);
      });
    }
  }

  async #tell(teller: Teller, tellings: readonly Telling[]): Promise<void> {
    const epoch = this.#epoch;
    const taken = await teller.tell(tellings.map(({ receipt }) => receipt)).catch(() => false);
    if (this.#closed || epoch !== this.#epoch) return;
    for (const telling of tellings) this.#settle(telling, taken);
  }

  #settle(telling: Telling, taken: boolean): void {
    const { message, step } = telling.item;
    const { repeatMs, repeats } = this.#options.settingsOf(message.provider);
    telling.settled(taken);
    telling.attempts += 1;
    if (!taken && telling.attempts <= repeats) {
      this.#pausing += 1;
      this.#after(repeatMs, () => {
        this.#pausing -= 1;
        this.#queue(message.provider, telling);
      });
      return;
    }
    if (taken) this.taken += 1;
    else this.givenUp += 1;
    this.#options.ledger.finish(message, step, this.#options.nowMs());
  }

  #after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }
}
