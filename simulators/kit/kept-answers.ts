import { createHash } from 'node:crypto';
import type { SimulatorClock } from './clock.ts';
import type { ObjectStore, Table } from './object-store.ts';
import type { Reply } from './reply.ts';

interface KeptAnswer {
  readonly fingerprint: string;
  readonly reply: Reply;
  readonly atMs: number;
}

/** `other`: the key came with another request before. */
export type Kept =
  | { readonly kept: 'nothing' }
  | { readonly kept: 'answer'; readonly reply: Reply }
  | { readonly kept: 'other' };

/** What was answered to a request with an idempotency key, until it is forgotten. */
export class KeptAnswers {
  readonly #answers: Table<KeptAnswer>;
  readonly #clock: SimulatorClock;
  readonly #keptMs: number;

  constructor(store: ObjectStore, clock: SimulatorClock, keptMs: number) {
    this.#answers = store.table('answers');
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  look(key: string, request: string): Kept {
    const answer = this.#answers.get(key);
    if (!answer || answer.atMs + this.#keptMs <= this.#clock.nowMs()) return { kept: 'nothing' };
    if (answer.fingerprint !== fingerprintOf(request)) return { kept: 'other' };
    return { kept: 'answer', reply: answer.reply };
  }

  /** Within the transaction that did the work. */
  keep(key: string, request: string, reply: Reply): void {
    const atMs = this.#clock.nowMs();
    this.#answers.put(key, { fingerprint: fingerprintOf(request), reply, atMs });
  }
}

function fingerprintOf(request: string): string {
  return createHash('sha256').update(request).digest('base64');
}
