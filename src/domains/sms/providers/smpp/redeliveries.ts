import { createHash, randomBytes } from 'node:crypto';

/** One incoming message, while it may come again. */
export interface Delivery {
  readonly id: string;
  answered(how: 'stored' | 'refused', nowMs: number): void;
}

interface Known {
  readonly id: string;
  readonly session: object;
  readonly arrivedMs: number;
  readonly answer: { how: 'stored' | 'refused'; atMs: number } | undefined;
}

const KNOWN_MOST = 10_000;
const KNOWN_MS = 10 * 60_000;
/** A centre that waited so long for an answer may have sent it again before it came. */
const SLOW_ANSWER_MS = 3000;
/** An answer may be lost with its session; then it comes again soon after the next one is bound. */
const LOST_ANSWER_MS = 120_000;

/**
 * SMPP gives an incoming message no id, so nothing tells a message that is sent again by the centre from one that a
 * customer wrote again: two STOPs with a new subscription between them are two. It is taken for the same only where there is a
 * reason to: the first was not answered yet, or refused, or answered late, or its session has ended since.
 */
export class Redeliveries {
  readonly #known = new Map<string, Known>();

  take(content: readonly string[], session: object, nowMs: number): Delivery {
    const print = createHash('sha256').update(JSON.stringify(content)).digest('base64url');
    const before = this.#known.get(print);
    const again = before !== undefined && isAgain(before, session, nowMs);
    const id = again ? before.id : `${print.slice(0, 16)}.${randomBytes(6).toString('base64url')}`;
    const one: Known = { id, session, arrivedMs: nowMs, answer: undefined };
    this.#keep(print, one, nowMs);
    return {
      id,
      answered: (how, atMs) => {
        const current = this.#known.get(print);
        if (current?.id === id) this.#known.set(print, { ...current, answer: { how, atMs } });
      },
    };
  }

  #keep(print: string, one: Known, nowMs: number): void {
    this.#known.delete(print);
    this.#known.set(print, one);
    for (const [oldest, { arrivedMs }] of this.#known) {
      if (this.#known.size <= KNOWN_MOST && arrivedMs > nowMs - KNOWN_MS) break;
      this.#known.delete(oldest);
    }
  }
}

function isAgain({ answer, arrivedMs, session }: Known, now: object, nowMs: number): boolean {
  if (!answer || answer.how === 'refused') return true;
  if (answer.atMs - arrivedMs >= SLOW_ANSWER_MS) return nowMs - answer.atMs < LOST_ANSWER_MS;
  return session !== now && nowMs - answer.atMs < LOST_ANSWER_MS;
}
