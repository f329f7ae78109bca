import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Bodies } from './bodies.ts';
import type { RequestName } from './commands.ts';
import type { AnyPdu } from './pdu.ts';
import type { Asking, Reply, Request } from './request.ts';
import { DEFAULT_LIMITS, Session, type SessionLimits } from './session.ts';
import { STATUSES, statusName } from './statuses.ts';

export type BindName = 'bind_transceiver' | 'bind_transmitter' | 'bind_receiver';

export interface ClientOptions extends Partial<SessionLimits> {
  readonly host: string;
  readonly port: number;
  /** Given, the connection is over TLS. */
  readonly tls?: ConnectionOptions;
  readonly bindAs?: BindName;
  readonly bind: Partial<Bodies['bind_transceiver']>;
  readonly connectMs?: number;
  readonly pauses?: Partial<ReconnectPauses>;
  /** Takes requests of the other side once the session is bound. */
  readonly take: (pdu: AnyPdu, session: Session) => void;
  /** Told when the session is bound, refused, or has ended. */
  readonly tell?: (event: ClientEvent) => void;
  /** From 0 to 1; spreads those who lost their connection together. */
  readonly random?: () => number;
}

/** How long it waits before it connects again: twice as long each time, and somewhere between half of it and all of it. */
export interface ReconnectPauses {
  readonly firstMs: number;
  readonly mostMs: number;
  /** At least this after a refused bind: some centres lock out who knocks too often. */
  readonly refusedMs: number;
}

export type ClientEvent =
  | { readonly event: 'bound'; readonly systemId: string }
  | { readonly event: 'refused'; readonly status: number }
  | { readonly event: 'ended'; readonly reason: string; readonly againMs: number };

export const DEFAULT_PAUSES: ReconnectPauses = { firstMs: 500, mostMs: 30_000, refusedMs: 15_000 };
const CONNECT_MS = 10_000;
const INTERFACE_VERSION = 0x34;
const DOUBLINGS_MOST = 16;

/** A session that is bound again whenever it ends, until it is closed. */
export class Client {
  readonly #options: ClientOptions;
  readonly #pauses: ReconnectPauses;
  #session: Session | undefined;
  /** The session over which the bind was accepted. */
  #bound: Session | undefined;
  #connecting: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #refusedStatus: number | undefined;
  #closed = false;

  /** Connects at once. */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.#pauses = { ...DEFAULT_PAUSES, ...options.pauses };
    this.#connect();
  }

  get ready(): boolean {
    return this.#bound !== undefined;
  }

  /** What the last bind was refused with; undefined when the last one was not refused. */
  get refusedStatus(): number | undefined {
    return this.#refusedStatus;
  }

  /** How long the centre wants to be left alone. */
  get pausedMs(): number {
    return this.#bound?.pausedMs ?? 0;
  }

  /** `asking.done` is called once, at the latest after its patience and the response timer. */
  request<Name extends RequestName>(request: Request<Name>, asking: Asking): void {
    if (this.#bound) this.#bound.request(request, asking);
    else asking.done({ outcome: 'not_sent', reason: this.#closed ? 'closing' : 'no_session' });
  }

  /** Waits for what is under way, unbinds, and connects no more. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#connecting?.destroy();
    const session = this.#session;
    if (session && session !== this.#bound) session.end('closed');
    await this.#bound?.close(drainMs);
  }

  #connect(): void {
    const { connectMs = CONNECT_MS, host, port, tls } = this.#options;
    const socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ host, port });
    this.#connecting = socket;
    const timer = setTimeout(
      () => socket.destroy(new Error('connecting took too long')),
      connectMs,
    );
    let failure = 'the connection was closed';
    const onError = (error: Error) => {
      failure = error.message;
    };
    const onClose = () => {
      clearTimeout(timer);
      this.#connecting = undefined;
      this.#again(failure, 0);
    };
    socket.on('error', onError);
    socket.once('close', onClose);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('close', onClose);
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      this.#connecting = undefined;
      this.#open(socket);
    });
  }

  #open(socket: Socket): void {
    const { bind, bindAs = 'bind_transceiver', take, tell } = this.#options;
    let boundMs = 0;
    const session = new Session({
      ...DEFAULT_LIMITS,
      ...this.#options,
      socket,
      take: (pdu, from) => {
        if (this.#bound === from) take(pdu, from);
        else from.respond(pdu, { status: STATUSES.ESME_RINVBNDSTS });
      },
      ended: (reason) => {
        if (this.#session === session) this.#session = undefined;
        if (this.#bound === session) this.#bound = undefined;
        this.#again(reason, boundMs === 0 ? 0 : performance.now() - boundMs);
      },
    });
    this.#session = session;
    const body = { interfaceVersion: INTERFACE_VERSION, ...bind };
    session.control({ command: bindAs, body }, (reply) => {
      if (!this.#isAccepted(reply, session)) return;
      boundMs = performance.now();
      this.#bound = session;
      const { pdu } = reply;
      tell?.({ event: 'bound', systemId: 'systemId' in pdu.body ? pdu.body.systemId : '' });
    });
  }

  #isAccepted(reply: Reply, session: Session): reply is Extract<Reply, { outcome: 'answered' }> {
    this.#refusedStatus = undefined;
    if (reply.outcome !== 'answered') {
      session.end(`no answer to the bind: ${reply.reason}`);
      return false;
    }
    const { command, status } = reply.pdu;
    if (status === STATUSES.ESME_ROK && command !== 'generic_nack') return true;
    this.#refusedStatus = status;
    this.#options.tell?.({ event: 'refused', status });
    session.end(`the bind was refused: ${statusName(status)}`);
    return false;
  }

  /** A session that held for the longest pause was a good one: the pauses begin anew. */
  #again(reason: string, heldMs: number): void {
    const { firstMs, mostMs, refusedMs } = this.#pauses;
    const { random = Math.random, tell } = this.#options;
    this.#failures = heldMs >= mostMs ? 0 : Math.min(this.#failures + 1, DOUBLINGS_MOST);
    const doubled = firstMs * 2 ** Math.max(0, this.#failures - 1);
    const pauseMs = Math.min(mostMs, doubled) * (1 - random() / 2);
    const againMs = this.#refusedStatus === undefined ? pauseMs : Math.max(pauseMs, refusedMs);
    tell?.({ event: 'ended', reason, againMs });
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.#connect(), againMs);
  }
}
