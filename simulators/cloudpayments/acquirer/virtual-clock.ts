import { Agenda } from '#simulators/kit';

type Action = () => void | Promise<void>;

/** The longest that one timer of Node can wait. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Runs with the real clock, and ahead of it when told to. What is due happens in the order of its time, also when a year is
 * passed in one step; whoever passes it waits until all of that is done.
 */
export class VirtualClock {
  #offsetMs = 0;
  #agenda = new Agenda<Action>();
  #timer: NodeJS.Timeout | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #passing: Promise<void> = Promise.resolve();
  #isPassing = false;
  #isClosed = false;
  #running = new Set<Promise<void>>();

  get offsetMs(): number {
    return this.#offsetMs;
  }

  set offsetMs(offsetMs: number) {
    this.#offsetMs = offsetMs;
    this.#wind();
  }

  /** What is still to be done. */
  get waiting(): number {
    return this.#agenda.size;
  }

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  at(dueMs: number, action: Action): void {
    this.#agenda.add(dueMs, action);
    this.#wind();
  }

  after(delayMs: number, action: Action): void {
    this.at(this.now() + delayMs, action);
  }

  /** Never backwards. Resolves when everything that was due until then is done, in its order. */
  passTo(targetMs: number): Promise<void> {
    this.#passing = this.#passing.then(() => this.#pass(targetMs));
    return this.#passing;
  }

  /** Resolves when nothing of what is due is still being done. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  clear(): void {
    this.#agenda.clear();
    this.#offsetMs = 0;
    this.#wind();
  }

  close(): void {
    this.#isClosed = true;
    this.#agenda.clear();
    clearTimeout(this.#timer);
  }

  async #pass(targetMs: number): Promise<void> {
    this.#isPassing = true;
    try {
      for (;;) {
        await this.settled();
        const nextMs = this.#agenda.nextMs;
        if (nextMs === undefined || nextMs > targetMs || this.#isClosed) break;
        this.#turnTo(nextMs);
        this.#start(this.#agenda.take(nextMs));
      }
      this.#turnTo(targetMs);
    } finally {
      this.#isPassing = false;
      this.#wind();
    }
  }

  #turnTo(timeMs: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, timeMs - Date.now());
  }

  #start(actions: readonly Action[]): void {
    for (const action of actions) {
      const done = perform(action).finally(() => this.#running.delete(done));
      this.#running.add(done);
    }
  }

  #wind(): void {
    const dueMs = this.#agenda.nextMs ?? Number.POSITIVE_INFINITY;
    if (this.#isPassing || this.#isClosed) return;
    const realDueMs = dueMs - this.#offsetMs;
    if (realDueMs === this.#timerDueMs) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = realDueMs;
    if (!Number.isFinite(dueMs)) return;
    const waitMs = Math.min(Math.max(realDueMs - Date.now(), 0), longestTimerMs);
    this.#timer = setTimeout(() => {
      this.#timerDueMs = Number.POSITIVE_INFINITY;
      if (!this.#isPassing) this.#start(this.#agenda.take(this.now()));
      this.#wind();
    }, waitMs);
  }
}

async function perform(action: Action): Promise<void> {
  await action();
}
