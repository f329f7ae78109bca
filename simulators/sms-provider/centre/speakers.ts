import type { Ledger } from './ledger.ts';
import type { Incoming, ProviderName } from './message.ts';
import type { Settings } from './settings.ts';

/** Brings a handset's message to the platform: true when it was taken, false when it is to come again. */
export type Speaker = (incoming: Incoming) => Promise<boolean>;

export interface SpeakersOptions {
  readonly ledger: Ledger;
  readonly settingsOf: (provider: ProviderName) => Settings;
  readonly log: (event: string, details: Readonly<Record<string, unknown>>) => void;
}

/** How many messages may wait at once; a handset is told to try later beyond that. */
export const unheardLimit = 10_000;

/** Incoming messages: in order per handset, again and again until they are taken. */
export class Speakers {
  readonly #options: SpeakersOptions;
  readonly #speakers = new Map<ProviderName, Speaker>();
  readonly #queues = new Map<string, Incoming[]>();
  #stop = new AbortController();

  constructor(options: SpeakersOptions) {
    this.#options = options;
  }

  speakWith(provider: ProviderName, speaker: Speaker): void {
    this.#speakers.set(provider, speaker);
  }

  /** Whether this contract brings incoming messages at all. */
  canSpeak(provider: ProviderName): boolean {
    return this.#speakers.has(provider);
  }

  bring(incoming: Incoming): void {
    const queue = this.#queues.get(incoming.from);
    if (queue) {
      queue.push(incoming);
      return;
    }
    const started = [incoming];
    this.#queues.set(incoming.from, started);
    void this.#work(started, this.#stop.signal);
  }

  clear(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#queues.clear();
  }

  /** What waits is given up for now; the journal still has it for the next start. */
  close(): void {
    this.#stop.abort();
  }

  async #work(queue: Incoming[], signal: AbortSignal): Promise<void> {
    for (let incoming = queue[0]; incoming; incoming = queue[0]) {
      const isHeard = await this.#say(incoming, signal);
      if (signal.aborted) return;
      if (!isHeard) this.#options.log('gave up an incoming message', { id: incoming.id });
      this.#options.ledger.hear(incoming);
      queue.shift();
      if (queue.length === 0) this.#queues.delete(incoming.from);
    }
  }

  async #say(incoming: Incoming, signal: AbortSignal): Promise<boolean> {
    const { repeatMs, repeats } = this.#options.settingsOf(incoming.provider);
    for (let attempt = 0; attempt <= repeats && !signal.aborted; attempt += 1) {
      if (attempt > 0) await pause(repeatMs, signal);
      const isHeard = await this.#speakers
        .get(incoming.provider)?.(incoming)
        .catch(() => false);
      if (isHeard === true) return true;
    }
    return false;
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener('abort', end);
  });
}
