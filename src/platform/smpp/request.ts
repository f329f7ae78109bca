import type { Bodies } from './bodies.ts';
import type { RequestName } from './commands.ts';
import type { AnyPdu } from './pdu.ts';
import type { Tlvs } from './tlvs.ts';

/** What is asked of the other side. */
export interface Request<Name extends RequestName = RequestName> {
  readonly command: Name;
  readonly body?: Partial<Bodies[Name]>;
  readonly tlvs?: Tlvs;
}

/** What came of a request. */
export type Reply =
  /** The other side answered: by the response of the command, or by `generic_nack`. */
  | { readonly outcome: 'answered'; readonly pdu: AnyPdu }
  /** It certainly did not leave. */
  | { readonly outcome: 'not_sent'; readonly reason: NotSentReason; readonly detail?: string }
  /** It may have arrived, and nobody says. */
  | { readonly outcome: 'unknown'; readonly reason: UnknownReason };

export type NotSentReason = 'no_session' | 'window_full' | 'throttled' | 'closing' | 'malformed';
export type UnknownReason = 'response_timeout' | 'connection_ended' | 'unexpected_response';

/** How a request is made. */
export interface Asking {
  /** Until when it may wait for room in the window, by `performance.now()`. */
  readonly untilMs: number;
  /** Called once. */
  readonly done: (reply: Reply) => void;
  /** Called when the answer comes after all, after `response_timeout`. */
  readonly late?: (pdu: AnyPdu) => void;
}

/** A request that waits for room in the window. */
export interface WaitingRequest {
  readonly request: Request;
  readonly asking: Asking;
}

/** Requests in the order in which they came, each with its own end of patience. */
export class WaitingLine {
  #requests: (WaitingRequest | undefined)[] = [];
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(waiting: WaitingRequest): void {
    this.#requests.push(waiting);
    this.#size += 1;
  }

  shift(): WaitingRequest | undefined {
    while (this.#head < this.#requests.length) {
      const first = this.#requests[this.#head];
      this.#requests[this.#head++] = undefined;
      if (this.#head === this.#requests.length) {
        this.#requests = [];
        this.#head = 0;
      } else if (this.#head >= 1024) {
        this.#requests = this.#requests.slice(this.#head);
        this.#head = 0;
      }
      if (first) {
        this.#size -= 1;
        return first;
      }
    }
    return undefined;
  }

  /** Takes out those whose patience has ended. */
  expire(nowMs: number): WaitingRequest[] {
    const expired: WaitingRequest[] = [];
    for (let at = this.#head; at < this.#requests.length; at += 1) {
      const one = this.#requests[at];
      if (!one || one.asking.untilMs > nowMs) continue;
      this.#requests[at] = undefined;
      this.#size -= 1;
      expired.push(one);
    }
    return expired;
  }

  clear(): WaitingRequest[] {
    return this.expire(Number.POSITIVE_INFINITY);
  }
}
