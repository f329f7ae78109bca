import type { SmppSession } from '#smpp';
import { type Concatenation, type IncomingPart, readText } from './read-text.ts';

/** A part with whoever waits for its acknowledgement. */
export interface PartArrival {
  readonly from: string;
  readonly to: string;
  readonly part: IncomingPart;
  readonly session: SmppSession;
  /** By `performance.now()`. */
  readonly arrivedMs: number;
  readonly answer: (stored: boolean) => void;
}

/** A text to hand up: whole, or what came of it. */
export interface Joined {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly session: SmppSession;
  /** When the first of it came. */
  readonly arrivedMs: number;
  readonly answer: (stored: boolean) => void;
}

interface Waiting {
  readonly arrivals: PartArrival[][];
  readonly timer: NodeJS.Timeout;
}

const WAITING_MOST = 1000;

/**
 * Brings parts of incoming messages together. No part is acknowledged before the message is stored, so a crash loses
 * none: the centre sends them again. A centre that sends the next part only after the last one was acknowledged would
 * wait for ever; for its sake parts are handed up as they are when the others do not come in time.
 */
export class JoinedParts {
  readonly #joinMs: number;
  readonly #hand: (joined: Joined) => void;
  readonly #waiting = new Map<string, Waiting>();

  constructor(joinMs: number, hand: (joined: Joined) => void) {
    this.#joinMs = joinMs;
    this.#hand = hand;
  }

  take(arrival: PartArrival): void {
    const { concatenation } = arrival.part;
    if (!concatenation || this.#joinMs === 0) this.#hand(join([[arrival]]));
    else this.#keep(arrival, concatenation);
  }

  /** Hands up all that waits, as it is. */
  close(): void {
    for (const key of [...this.#waiting.keys()]) this.#giveUp(key);
  }

  #keep(arrival: PartArrival, { number, reference, total }: Concatenation): void {
    const { from, part, to } = arrival;
    const key = JSON.stringify([from, to, part.alphabet, reference, total]);
    const { arrivals } = this.#waiting.get(key) ?? this.#begin(key, total);
    // Who ended the session sends its parts again: they would be handed up twice.
    for (const [at, ones] of arrivals.entries())
      arrivals[at] = ones.filter(({ session }) => !session.ended);
    arrivals[number - 1]?.push(arrival);
    if (arrivals.every((ones) => ones.length > 0)) {
      this.#end(key);
      this.#hand(join(arrivals));
    }
  }

  #begin(key: string, total: number): Waiting {
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size < WAITING_MOST) break;
      this.#giveUp(oldest);
    }
    const arrivals = Array.from({ length: total }, (): PartArrival[] => []);
    const waiting = { arrivals, timer: setTimeout(() => this.#giveUp(key), this.#joinMs) };
    this.#waiting.set(key, waiting);
    return waiting;
  }

  #end(key: string): void {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  /** Neighbours stay together. */
  #giveUp(key: string): void {
    const arrivals = this.#waiting.get(key)?.arrivals ?? [];
    this.#end(key);
    let run: PartArrival[][] = [];
    for (const ones of [...arrivals, []]) {
      const alive = ones.filter(({ session }) => !session.ended);
      if (alive.length > 0) run.push(alive);
      else if (run.length > 0) {
        this.#hand(join(run));
        run = [];
      }
    }
  }
}

function join(arrivals: readonly (readonly PartArrival[])[]): Joined {
  const first = arrivals[0]?.[0] as PartArrival;
  const octets = Buffer.concat(arrivals.map((ones) => ones[0]?.part.octets ?? Buffer.alloc(0)));
  return {
    ...{ from: first.from, to: first.to, session: first.session },
    arrivedMs: Math.min(...arrivals.flat().map((one) => one.arrivedMs)),
    text: readText(first.part.alphabet, octets),
    answer(stored) {
      for (const one of arrivals.flat()) one.answer(stored);
    },
  };
}
