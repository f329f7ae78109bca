import type { RequestName } from './commands.ts';
import { type AnyPdu, SEQUENCE_MOST } from './pdu.ts';
import type { Asking, UnknownReason } from './request.ts';

interface Flight {
  readonly command: RequestName;
  readonly asking: Pick<Asking, 'done' | 'late'>;
  readonly sentMs: number;
  /** Counts all requests of the session; sequences begin again one day. */
  readonly order: number;
  /** It takes room in the window. */
  readonly windowed: boolean;
}

/** How many answers that are overdue are still waited for. */
const OVERDUE_MOST = 1000;

/** Requests that have been written and not been answered. */
export class Flights {
  readonly #flights = new Map<number, Flight>();
  readonly #overdue = new Map<number, Flight>();
  #sequence = 0;
  #order = 0;
  #flushedOrder = 0;
  #windowed = 0;

  /** How many take room in the window. */
  get windowed(): number {
    return this.#windowed;
  }

  /** A sequence that no request under way has. */
  nextSequence(): number {
    do this.#sequence = (this.#sequence % SEQUENCE_MOST) + 1;
    while (this.#flights.has(this.#sequence));
    return this.#sequence;
  }

  add(sequence: number, flight: Omit<Flight, 'order'>): void {
    this.#order += 1;
    this.#flights.set(sequence, { ...flight, order: this.#order });
    if (flight.windowed) this.#windowed += 1;
    this.#overdue.delete(sequence);
  }

  /** All that was written so far has been given to the socket. */
  flushed(): void {
    this.#flushedOrder = this.#order;
  }

  /** Answers which command it was whose answer this is, after whoever asked has been told. */
  land(pdu: AnyPdu): RequestName | undefined {
    const flight = this.#flights.get(pdu.sequence);
    if (!flight) {
      this.#landLate(pdu);
      return undefined;
    }
    this.#remove(pdu.sequence, flight);
    if (isAnswerTo(flight, pdu)) flight.asking.done({ outcome: 'answered', pdu });
    else flight.asking.done({ outcome: 'unknown', reason: 'unexpected_response' });
    return flight.command;
  }

  #landLate(pdu: AnyPdu): void {
    const flight = this.#overdue.get(pdu.sequence);
    if (!flight || !isAnswerTo(flight, pdu)) return;
    this.#overdue.delete(pdu.sequence);
    flight.asking.late?.(pdu);
  }

  /** Gives up those that were sent before `sentMs`; answers how many. */
  expire(sentMs: number): number {
    let expired = 0;
    for (const [sequence, flight] of this.#flights) {
      // In the order in which they were sent: those behind are younger.
      if (flight.sentMs > sentMs) break;
      this.#remove(sequence, flight);
      this.#overdue.set(sequence, flight);
      expired += 1;
      flight.asking.done({ outcome: 'unknown', reason: 'response_timeout' });
    }
    for (const sequence of this.#overdue.keys()) {
      if (this.#overdue.size <= OVERDUE_MOST) break;
      this.#overdue.delete(sequence);
    }
    return expired;
  }

  /** The connection has ended: what the socket was given may have arrived. */
  abandon(reason: UnknownReason): void {
    const all = [...this.#flights.values()];
    this.#flights.clear();
    this.#overdue.clear();
    this.#windowed = 0;
    for (const { asking, order } of all) {
      if (order <= this.#flushedOrder) asking.done({ outcome: 'unknown', reason });
      else asking.done({ outcome: 'not_sent', reason: 'no_session' });
    }
  }

  #remove(sequence: number, flight: Flight): void {
    this.#flights.delete(sequence);
    if (flight.windowed) this.#windowed -= 1;
  }
}

function isAnswerTo({ command }: Flight, pdu: AnyPdu): boolean {
  return pdu.command === `${command}_resp` || pdu.command === 'generic_nack';
}
