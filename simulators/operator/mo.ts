import { setTimeout as sleep } from 'node:timers/promises';
import type { Operator } from './operator.ts';
import type { Message } from './store.ts';

const firstBackoffMs = 200;
const longestBackoffMs = 5_000;
/** About five minutes of trying: longer than a restart of the other side, shorter than a test. */
const maxAttempts = 65;
const callTimeoutMs = 10_000;
/** How many messages may wait at once; the customer is told to try later beyond that. */
export const waitingLimit = 10_000;

/** Carries customers' SMS to the platform: in order per customer, the same id on every attempt. */
export class MoPost {
  readonly #operator: Operator;
  readonly #url: string;
  readonly #queues = new Map<string, Message[]>();
  readonly #stop = new AbortController();
  #waiting = 0;

  constructor(operator: Operator, url: string) {
    this.#operator = operator;
    this.#url = url;
    const { messages, moStates } = operator.store;
    for (const message of messages) {
      if (moStates.get(message.id) === 'waiting') this.post(message);
    }
  }

  get waiting(): number {
    return this.#waiting;
  }

  post(message: Message): void {
    // Without an address the customers talk to nobody; their messages stay on record.
    if (this.#url === '') return;
    this.#waiting += 1;
    const queue = this.#queues.get(message.from);
    if (queue !== undefined) {
      queue.push(message);
      return;
    }
    const started = [message];
    this.#queues.set(message.from, started);
    void this.#work(message.from, started);
  }

  /** What waits is given up for now; the journal still has it for the next start. */
  close(): void {
    this.#stop.abort();
  }

  forgetAll(): void {
    for (const queue of this.#queues.values()) queue.length = 0;
    this.#waiting = 0;
  }

  async #work(msisdn: string, queue: Message[]): Promise<void> {
    for (let message = queue[0]; message !== undefined; message = queue[0]) {
      const delivered = await this.#deliver(message, queue);
      if (this.#stop.signal.aborted) return;
      // Forgotten in the meantime: its state is no longer ours to write.
      if (queue[0] !== message) continue;
      this.#operator.store.setMoState(message.id, delivered ? 'delivered' : 'given-up');
      if (!delivered) this.#operator.log('gave up an incoming SMS', { id: message.id });
      queue.shift();
      this.#waiting -= 1;
    }
    this.#queues.delete(msisdn);
  }

  async #deliver(message: Message, queue: readonly Message[]): Promise<boolean> {
    for (let attempt = 0; attempt < maxAttempts && queue[0] === message; attempt += 1) {
      if (await this.#attempt(message)) return true;
      const backoffMs = Math.min(firstBackoffMs * 2 ** attempt, longestBackoffMs);
      await sleep(backoffMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#stop.signal.aborted) return false;
    }
    return false;
  }

  async #attempt({ id, from, to, text, at }: Message): Promise<boolean> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id, from, to, text, sent_at: at }),
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(callTimeoutMs)]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
