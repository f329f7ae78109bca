import { Agenda } from './agenda.ts';

/** A timer holds 24 days only, and the clock may be moved: what is due is looked for this often in any case. */
const longestWaitMs = 1_000;

/** A simulator's own time: the machine's, moved forward by whoever does not want to wait. What is due then happens. */
export class SimulatorClock {
  readonly #agenda = new Agenda<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;
  #offsetMs = 0;
  #closed = false;

  nowMs(): number {
    return Date.now() + this.#offsetMs;
  }

  /** In whole seconds. */
  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  nowText(): string {
    return new Date(this.nowMs()).toISOString();
  }

  at(dueMs: number, action: () => void): void {
    this.#agenda.add(dueMs, action);
    this.#setAlarm();
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs() + delayMs, action);
  }

  advance(byMs: number): void {
    this.#offsetMs += byMs;
    this.#look();
  }

  reset(): void {
    this.#agenda.clear();
    this.#offsetMs = 0;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#agenda.clear();
  }

  #look(): void {
    clearTimeout(this.#timer);
    this.#wakeMs = Number.POSITIVE_INFINITY;
    for (const action of this.#agenda.take(this.nowMs())) action();
    this.#setAlarm();
  }

  #setAlarm(): void {
    const next = this.#agenda.nextMs;
    if (next === undefined || next >= this.#wakeMs || this.#closed) return;
    clearTimeout(this.#timer);
    this.#wakeMs = next;
    const waitMs = Math.min(Math.max(0, next - this.nowMs()), longestWaitMs);
    this.#timer = setTimeout(() => this.#look(), waitMs);
  }
}
