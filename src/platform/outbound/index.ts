import { isTransient, sqlState } from '#database';
import type { Log } from '#log';

/**
 * The middle of every talk with the outside: jobs that this worker has claimed wait for a grant of the rate,
 * are marked as begun by one statement, are called side by side, and their results are recorded in sets.
 * No network call happens inside a transaction, and what a dead worker leaves behind says how far it came.
 */
export interface Outbound<Job> {
  /** Hands over jobs that this worker holds by a lease. */
  push(jobs: readonly Job[]): void;
  /** How many more jobs may be claimed now. */
  room(): number;
  readonly waiting: number;
  readonly inFlight: number;
  /**
   * Begins nothing more, waits for answers that are under way at most `patienceMs`, and records them. Jobs that
   * were not begun stay claimed until their lease ends; answers that did not come become `unknown` then.
   */
  stop(patienceMs: number): Promise<{ readonly unanswered: number }>;
}

export interface OutboundOptions<Job, Result> {
  readonly log: Log;
  /** Waits for 1 to `most` grants of the rate. */
  readonly take: (most: number, signal: AbortSignal) => Promise<number>;
  /** Marks jobs as begun, in one statement; answers those for which that still holds. */
  readonly begin: (jobs: readonly Job[]) => Promise<readonly Job[]>;
  /** One conversation with the outside. Its first call is granted already. Must not throw. */
  readonly call: (job: Job) => Promise<Result>;
  /** Records results, in one transaction. */
  readonly record: (results: readonly Result[]) => Promise<void>;
  /** The most jobs to hold, begun or not: two seconds' worth of the rate. */
  readonly holdMost: () => number;
  readonly concurrency?: number;
  /** How long a record waits for more answers while many are under way. */
  readonly gatherMs?: number;
}

/** Enough to keep a fast counterpart busy over two calls a job; more only makes its queue longer. */
const CONCURRENCY = 512;
const BEGIN_MOST = 256;
/** More are begun when at least this part of all places is free, or as many as wait. */
const BEGIN_SHARE = 8;
const RECORD_MOST = 200;
/** Room is offered when at least this part of all that may be held is free. */
const ROOM_SHARE = 4;
/** With this many under way more answers come within the moment that a record waits for them. */
const BUSY = 8;
const GATHER_MS = 20;
const RECORDS_IN_FLIGHT = 2;
const TROUBLE_PAUSE_MS = 250;
/** A grant is for its slice of the second. */
const GRANT_FRESH_MS = 100;
const NEVER = new AbortController().signal;
/** query_canceled: somebody holds what the record needs for long; the results are no less true. */
const STATEMENT_TIMEOUT = '57014';

export function createOutbound<Job, Result>(options: OutboundOptions<Job, Result>): Outbound<Job> {
  return new OutboundWorker(options);
}

class OutboundWorker<Job, Result> implements Outbound<Job> {
  readonly #options: OutboundOptions<Job, Result>;
  readonly #concurrency: number;
  readonly #stopping = new AbortController();
  #queue: Job[] = [];
  #results: Result[] = [];
  #beginning = 0;
  #inFlight = 0;
  #recording = 0;
  #recorders = 0;
  #pumping = false;
  #idle: (() => void)[] = [];

  constructor(options: OutboundOptions<Job, Result>) {
    this.#options = options;
    this.#concurrency = options.concurrency ?? CONCURRENCY;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get inFlight(): number {
    return this.#beginning + this.#inFlight;
  }

  push(jobs: readonly Job[]): void {
    this.#queue.push(...jobs);
    void this.#pump();
  }

  room(): number {
    if (this.#stopping.signal.aborted) return 0;
    const most = this.#options.holdMost();
    const free = most - this.#queue.length - this.#unanswered();
    // A few at a time would be a transaction each: better none for a moment, and then a set.
    return free * ROOM_SHARE >= most ? free : 0;
  }

  async stop(patienceMs: number): Promise<{ unanswered: number }> {
    this.#stopping.abort(new Error('stopping'));
    this.#queue = [];
    const settled = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#tellIdle();
    await Promise.race([
      settled,
      new Promise<void>((resolve) => setTimeout(resolve, patienceMs).unref()),
    ]);
    return { unanswered: this.#unanswered() };
  }

  #unanswered(): number {
    return this.#beginning + this.#inFlight + this.#results.length + this.#recording;
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    const { signal } = this.#stopping;
    try {
      while (this.#queue.length > 0 && this.#isFree() && !signal.aborted) {
        const wanted = Math.min(this.#queue.length, this.#concurrency - this.#inFlight, BEGIN_MOST);
        const granted = await this.#options.take(wanted, signal);
        await this.#beginNext(this.#queue.splice(0, granted), performance.now());
      }
    } catch (error) {
      if (!signal.aborted) this.#options.log.error({ err: error }, 'an outbound worker stumbled');
    } finally {
      this.#pumping = false;
    }
  }

  /** For a set: with all places taken but one, each job would be begun by a statement of its own. */
  #isFree(): boolean {
    const least = Math.max(1, Math.floor(this.#concurrency / BEGIN_SHARE));
    return this.#concurrency - this.#inFlight >= Math.min(this.#queue.length, least);
  }

  async #beginNext(jobs: Job[], grantedMs: number): Promise<void> {
    // A stop that comes meanwhile waits for these: what is marked as begun is called.
    this.#beginning += jobs.length;
    try {
      const begun = await this.#options.begin(jobs).finally(() => {
        this.#beginning -= jobs.length;
      });
      await this.#callAll(begun, grantedMs);
      this.#tellIdle();
    } catch (error) {
      this.#tellIdle();
      // They are still claimed: begin() itself checks the lease when they are tried again.
      this.#queue.unshift(...jobs);
      if (!isTransient(error)) this.#options.log.error({ err: error }, 'work could not be begun');
      await new Promise((resolve) => setTimeout(resolve, TROUBLE_PAUSE_MS));
    }
  }

  /**
   * What was granted holds for a moment only: a process that was asleep since, or a database that was slow to begin,
   * would otherwise spend the grants of a past second in this one. Those are lost, and others are waited for, also
   * while it stops: what is marked as begun is called.
   */
  async #callAll(begun: readonly Job[], grantedMs: number): Promise<void> {
    if (performance.now() - grantedMs <= GRANT_FRESH_MS) {
      for (const job of begun) void this.#converse(job);
      return;
    }
    const waiting = [...begun];
    this.#beginning += waiting.length;
    while (waiting.length > 0) {
      const granted = await this.#options.take(waiting.length, NEVER);
      this.#beginning -= granted;
      for (const job of waiting.splice(0, granted)) void this.#converse(job);
    }
  }

  async #converse(job: Job): Promise<void> {
    this.#inFlight += 1;
    try {
      this.#results.push(await this.#options.call(job));
    } catch (error) {
      // A bug in the conversation: its lease ends, and then it counts as unknown.
      this.#options.log.error({ err: error }, 'a conversation with the outside broke');
    } finally {
      this.#inFlight -= 1;
    }
    void this.#recordNext();
    void this.#pump();
  }

  async #recordNext(): Promise<void> {
    if (this.#recorders >= RECORDS_IN_FLIGHT || this.#results.length === 0) return this.#tellIdle();
    this.#recorders += 1;
    await this.#gather();
    while (this.#results.length > 0) {
      const results = this.#results.splice(0, RECORD_MOST);
      this.#recording += results.length;
      await this.#recordSurely(results);
      this.#recording -= results.length;
      if (this.#results.length > 0) await this.#gather();
    }
    this.#recorders -= 1;
    this.#tellIdle();
    void this.#pump();
  }

  /** What is answered in the same turn of the loop goes along; under load, what is answered within a moment. */
  #gather(): Promise<void> {
    if (this.#inFlight < BUSY) return new Promise((resolve) => setImmediate(resolve));
    return new Promise((resolve) => setTimeout(resolve, this.#options.gatherMs ?? GATHER_MS));
  }

  /** Results are facts: they are kept until the database takes them, or until we die and they become unknown. */
  async #recordSurely(results: readonly Result[]): Promise<void> {
    for (;;) {
      try {
        return await this.#options.record(results);
      } catch (error) {
        if (!isTransient(error) && sqlState(error) !== STATEMENT_TIMEOUT) {
          this.#options.log.error({ err: error }, 'results could not be recorded');
          if (results.length === 1) return;
          const middle = Math.ceil(results.length / 2);
          await this.#recordSurely(results.slice(0, middle));
          return await this.#recordSurely(results.slice(middle));
        }
        await new Promise((resolve) => setTimeout(resolve, TROUBLE_PAUSE_MS));
      }
    }
  }

  #tellIdle(): void {
    if (this.#unanswered() > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }
}
