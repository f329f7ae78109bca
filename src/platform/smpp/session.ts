import type { Duplex } from 'node:stream';
import type { Bodies } from './bodies.ts';
import { isRequest, isResponse, type RequestName } from './commands.ts';
import { Flights } from './flights.ts';
import { Frames } from './frames.ts';
import { Outlet } from './outlet.ts';
import { type AnyPdu, type Decoded, decodePdu } from './pdu.ts';
import { type Asking, type NotSentReason, type Request, WaitingLine } from './request.ts';
import { STATUSES } from './statuses.ts';
import type { Tlvs } from './tlvs.ts';

/** Limits and timers of a session. The timers of SMPP 3.4, §7.2, are `responseMs`, `enquireMs` and `inactivityMs`. */
export interface SessionLimits {
  /** Requests that wait for their answers at once; the specification advises at most 10. */
  readonly window: number;
  /** An answer that has not come by then is given up. */
  readonly responseMs: number;
  /** After such a silence the other side is asked whether it is there. 0: never. */
  readonly enquireMs: number;
  /** A session in which nothing has come for so long ends. 0: never. */
  readonly inactivityMs: number;
  /** Requests that may wait for room in the window. */
  readonly waitingMost: number;
  /** Longest PDU, in octets. */
  readonly lengthMost: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  ...{ window: 10, responseMs: 10_000, enquireMs: 30_000, inactivityMs: 0 },
  // A message_payload may hold 64 KiB.
  ...{ waitingMost: 1000, lengthMost: 70_000 },
};

export interface SessionOptions extends SessionLimits {
  readonly socket: Duplex;
  /** Takes requests of the other side, save those that belong to the session itself (`enquire_link`, `unbind`). */
  readonly take: (pdu: AnyPdu, session: Session) => void;
  /** Called once, after everybody who waited for an answer has been told. */
  readonly ended: (reason: string) => void;
}

/** How a request of the other side is answered. */
export interface Answer {
  readonly status?: number;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly tlvs?: Tlvs;
}

const TICK_MOST_MS = 250;
const TICK_LEAST_MS = 5;
const PAUSE_FIRST_MS = 100;
const PAUSE_MOST_MS = 5000;
const UNBIND_MS = 2000;
const THROTTLING: ReadonlySet<number> = new Set([STATUSES.ESME_RTHROTTLED, STATUSES.ESME_RMSGQFUL]);

/** One connection on which both sides speak SMPP: requests in a window, each answered or given up, exactly once. */
export class Session {
  readonly #options: SessionOptions;
  readonly #outlet: Outlet;
  readonly #flights = new Flights();
  readonly #waiting = new WaitingLine();
  readonly #ticker: NodeJS.Timeout;
  #state: 'open' | 'closing' | 'ended' = 'open';
  #heardMs = performance.now();
  #enquiring = false;
  #pauseMs = 0;
  #pausedUntilMs = 0;
  #idle: (() => void) | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { lengthMost, responseMs, socket } = options;
    this.#outlet = new Outlet(socket, () => this.#resume());
    this.#outlet.flushed = () => this.#flights.flushed();
    const frames = new Frames({
      lengthMost,
      take: (frame) => this.#take(decodePdu(frame)),
      lost: (reason) => this.#loseStream(reason),
    });
    socket.on('data', (chunk: Buffer) => {
      this.#heardMs = performance.now();
      frames.push(chunk);
      // Answers are not kept for one who does not read them.
      if (this.#outlet.blocked) socket.pause();
    });
    socket.on('error', (error) => this.end(error.message));
    socket.on('end', () => this.end('the other side ended the connection'));
    socket.on('close', () => this.end('the connection was closed'));
    const tickMs = Math.max(TICK_LEAST_MS, Math.min(TICK_MOST_MS, responseMs / 4));
    // After what has already arrived has been read: a process that stood still must not take it for silence.
    this.#ticker = setInterval(() => setImmediate(() => this.#tick()), tickMs);
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** How long the other side wants to be left alone, 0 when it does not. */
  get pausedMs(): number {
    return Math.max(0, Math.ceil(this.#pausedUntilMs - performance.now()));
  }

  /** Sends a request as soon as there is room in the window. */
  request<Name extends RequestName>(request: Request<Name>, asking: Asking): void {
    if (this.#state !== 'open') refuse(asking, this.#closedReason());
    else if (this.#waiting.size === 0 && this.#mayWrite()) this.#write(request, asking, true);
    else if (this.#waiting.size >= this.#options.waitingMost) refuse(asking, this.#fullReason());
    else this.#waiting.push({ request, asking });
  }

  /** Sends a request that belongs to the session (bind, unbind, enquire_link): no window, no waiting. */
  control<Name extends RequestName>(request: Request<Name>, done: Asking['done']): void {
    if (this.#state === 'ended') refuse({ done }, 'no_session');
    else this.#write(request, { done }, false);
  }

  /** Answers a request of the other side; nothing happens when the session has ended. */
  respond(pdu: AnyPdu, answer: Answer = {}): void {
    if (this.#state === 'ended' || !isRequest(pdu.command)) return;
    const command = `${pdu.command}_resp` as const;
    const { sequence } = pdu;
    const { body, ...rest } = answer;
    this.#outlet.write({
      ...{ command, sequence, ...rest },
      ...(body === undefined ? {} : { body: body as Partial<Bodies[typeof command]> }),
    });
  }

  /** Tells that something was not understood. */
  refuse(sequence: number, status: number): void {
    if (this.#state !== 'ended') this.#outlet.write({ command: 'generic_nack', sequence, status });
  }

  /** Takes no more requests, waits for the answers of those that are under way, unbinds and ends. */
  async close(drainMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    for (const { asking } of this.#waiting.clear()) refuse(asking, 'closing');
    await this.#untilIdle(drainMs);
    if (this.ended) return;
    await new Promise<void>((done) => {
      setTimeout(done, Math.min(UNBIND_MS, this.#options.responseMs)).unref();
      this.control({ command: 'unbind' }, () => done());
    });
    this.end('unbound');
  }

  /** Ends the connection at once. Whoever waits for an answer is told that it is not known. */
  end(reason: string): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearInterval(this.#ticker);
    this.#outlet.close();
    const { socket } = this.#options;
    // `destroy` would throw away what the socket still holds, such as the answer to an unbind.
    if (socket.writableLength > 0) socket.end(() => socket.destroy());
    else socket.destroy();
    setTimeout(() => socket.destroy(), UNBIND_MS).unref();
    for (const { asking } of this.#waiting.clear()) refuse(asking, 'no_session');
    this.#flights.abandon('connection_ended');
    this.#idle?.();
    this.#options.ended(reason);
  }

  #take(decoded: Decoded): void {
    if (this.#state === 'ended') return;
    if (decoded.outcome === 'unreadable') {
      this.#takeUnreadable(decoded);
      return;
    }
    const { pdu } = decoded;
    if (isResponse(pdu.command)) this.#takeResponse(pdu);
    else if (pdu.command === 'enquire_link') this.respond(pdu);
    else if (pdu.command === 'unbind') this.#takeUnbind(pdu);
    else this.#options.take(pdu, this);
  }

  #takeUnreadable(decoded: Extract<Decoded, { outcome: 'unreadable' }>): void {
    // What can't be read as an answer is as good as none: its request ends by the response timer.
    if (!decoded.response) this.refuse(decoded.sequence, decoded.status);
  }

  #takeResponse(pdu: AnyPdu): void {
    if (THROTTLING.has(pdu.status)) this.#pause();
    else if (this.#pauseMs > 0 && pdu.status === STATUSES.ESME_ROK) this.#pauseMs /= 2;
    this.#flights.land(pdu);
    this.#pump();
    if (this.#flights.windowed === 0) this.#idle?.();
  }

  #takeUnbind(pdu: AnyPdu): void {
    this.respond(pdu);
    this.#outlet.flush();
    this.end('the other side unbound');
  }

  #loseStream(reason: string): void {
    this.refuse(0, STATUSES.ESME_RINVCMDLEN);
    this.#outlet.flush();
    this.end(reason);
  }

  #mayWrite(): boolean {
    return (
      this.#flights.windowed < this.#options.window &&
      !this.#outlet.blocked &&
      (this.#pausedUntilMs === 0 || performance.now() >= this.#pausedUntilMs)
    );
  }

  #pump(): void {
    while (this.#waiting.size > 0 && this.#state === 'open' && this.#mayWrite()) {
      const next = this.#waiting.shift();
      if (next) this.#write(next.request, next.asking, true);
    }
  }

  #write(request: Request, asking: Pick<Asking, 'done' | 'late'>, windowed: boolean): void {
    const sequence = this.#flights.nextSequence();
    try {
      this.#outlet.write({ ...request, sequence });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      asking.done({ outcome: 'not_sent', reason: 'malformed', detail: error.message });
      return;
    }
    const { command } = request;
    this.#flights.add(sequence, { command, asking, sentMs: performance.now(), windowed });
  }

  #resume(): void {
    this.#options.socket.resume();
    this.#pump();
  }

  /** Once for all that are refused together. */
  #pause(): void {
    const nowMs = performance.now();
    if (nowMs < this.#pausedUntilMs) return;
    this.#pauseMs = Math.min(PAUSE_MOST_MS, Math.max(PAUSE_FIRST_MS, this.#pauseMs * 2));
    this.#pausedUntilMs = nowMs + this.#pauseMs;
  }

  #tick(): void {
    if (this.#state === 'ended') return;
    const nowMs = performance.now();
    const { enquireMs, inactivityMs, responseMs } = this.#options;
    const overdue = this.#flights.expire(nowMs - responseMs);
    for (const { asking } of this.#waiting.expire(nowMs)) refuse(asking, this.#fullReason());
    this.#pump();
    if (this.#flights.windowed === 0) this.#idle?.();
    const silentMs = nowMs - this.#heardMs;
    if (inactivityMs > 0 && silentMs >= inactivityMs) this.end('nothing came for too long');
    else if (overdue > 0 || (enquireMs > 0 && silentMs >= enquireMs)) this.#enquire();
  }

  /** One that does not answer this is not there. */
  #enquire(): void {
    if (this.#enquiring || this.ended) return;
    this.#enquiring = true;
    this.control({ command: 'enquire_link' }, (reply) => {
      this.#enquiring = false;
      if (reply.outcome === 'unknown' && reply.reason === 'response_timeout')
        this.end('the other side does not answer enquire_link');
    });
  }

  async #untilIdle(limitMs: number): Promise<void> {
    if (this.#flights.windowed === 0) return;
    await new Promise<void>((done) => {
      this.#idle = done;
      setTimeout(done, limitMs).unref();
    });
    this.#idle = undefined;
  }

  #fullReason(): NotSentReason {
    return this.pausedMs > 0 ? 'throttled' : 'window_full';
  }

  #closedReason(): NotSentReason {
    return this.#state === 'closing' ? 'closing' : 'no_session';
  }
}

function refuse(asking: Pick<Asking, 'done'>, reason: NotSentReason): void {
  asking.done({ outcome: 'not_sent', reason });
}
