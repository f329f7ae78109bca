import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { BindName } from './client.ts';
import { isRequest } from './commands.ts';
import type { AnyPdu, Pdu } from './pdu.ts';
import { DEFAULT_LIMITS, Session, type SessionLimits } from './session.ts';
import { STATUSES } from './statuses.ts';

export interface ServerOptions extends Partial<SessionLimits> {
  readonly tls?: TlsOptions;
  readonly systemId: string;
  /** A connection that is not bound by then ends: `session_init_timer`. */
  readonly initMs?: number;
  readonly sessionsMost?: number;
  /** Answers 0 to accept, another status to refuse. */
  readonly authorise: (bind: Pdu<BindName>) => number;
  /** Takes requests of a bound session. */
  readonly take: (pdu: AnyPdu, session: Session) => void;
}

const INIT_MS = 5000;
const SESSIONS_MOST = 1000;
const BINDS: ReadonlySet<string> = new Set<BindName>([
  ...(['bind_transceiver', 'bind_transmitter', 'bind_receiver'] as const),
]);

/** The other end of a `Client`: takes connections and has each bound before anything else. */
export class SmppServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #all = new Set<Session>();
  readonly #bound = new Set<Session>();

  constructor(options: ServerOptions) {
    this.#options = options;
    const open = (socket: Socket) => this.#open(socket);
    this.#server = options.tls ? createTlsServer(options.tls, open) : createTcpServer(open);
    this.#server.maxConnections = options.sessionsMost ?? SESSIONS_MOST;
  }

  /** Those that are bound. */
  get sessions(): readonly Session[] {
    return [...this.#bound];
  }

  /** Answers the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        done(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  /** Takes no more connections, unbinds those there are, and ends. */
  async close(drainMs: number): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    await Promise.all([...this.#bound].map((session) => session.close(drainMs)));
    for (const session of this.#all) session.end('the server ends');
    await closed;
  }

  #open(socket: Socket): void {
    socket.setNoDelay(true);
    const session: Session = new Session({
      ...DEFAULT_LIMITS,
      ...this.#options,
      socket,
      take: (pdu) => this.#take(pdu, session),
      ended: () => {
        clearTimeout(timer);
        this.#all.delete(session);
        this.#bound.delete(session);
      },
    });
    const timer = setTimeout(() => {
      if (!this.#bound.has(session)) session.end('it was not bound in time');
    }, this.#options.initMs ?? INIT_MS);
    this.#all.add(session);
  }

  #take(pdu: AnyPdu, session: Session): void {
    if (isBind(pdu)) this.#bind(pdu, session);
    else if (this.#bound.has(session)) this.#options.take(pdu, session);
    else if (isRequest(pdu.command)) session.respond(pdu, { status: STATUSES.ESME_RINVBNDSTS });
  }

  #bind(pdu: Pdu<BindName>, session: Session): void {
    const again = this.#bound.has(session);
    const status = again ? STATUSES.ESME_RALYBND : this.#options.authorise(pdu);
    const body = { systemId: this.#options.systemId };
    session.respond(pdu, status === 0 ? { body, tlvs: { scInterfaceVersion: 0x34 } } : { status });
    if (status === 0) this.#bound.add(session);
  }
}

function isBind(pdu: AnyPdu): pdu is Pdu<'bind_transceiver'> & Pdu<BindName> {
  return BINDS.has(pdu.command);
}
