import type { Socket } from 'node:net';
import { answerBit, commands, type Frame, FrameReader, statuses, toFrame } from './wire.ts';

export interface ConnectionEvents {
  /** Answers the status of a bind. */
  bind(frame: Frame): number;
  request(frame: Frame, connection: Connection): void;
  /** Whether enquire_link is answered. */
  hears(): boolean;
  closed(connection: Connection): void;
}

const initMs = 10_000;
const answerMs = 10_000;
const systemId = Buffer.from('KOPEKSIM\0');
const nothing = Buffer.alloc(0);
const binds: ReadonlySet<number> = new Set([
  ...[commands.bindReceiver, commands.bindTransmitter, commands.bindTransceiver],
]);

/** One caller of the centre. */
export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #waiting = new Map<number, (status: number | undefined) => void>();
  readonly #init: NodeJS.Timeout;
  #boundAs: number | undefined;
  #sequence = 0;
  #out: Buffer[] = [];
  /** Submits that are not answered. */
  open = 0;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.read(chunk)) this.#take(frame);
      } catch {
        this.send({ command: commands.nack, status: statuses.badLength, sequence: 0 });
        this.end();
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close());
    this.#init = setTimeout(() => this.#boundAs ?? socket.destroy(), initMs);
  }

  get receives(): boolean {
    return this.#boundAs === commands.bindReceiver || this.#boundAs === commands.bindTransceiver;
  }

  get submits(): boolean {
    return this.#boundAs === commands.bindTransmitter || this.#boundAs === commands.bindTransceiver;
  }

  /** Deliveries without an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** What is sent in one turn of the loop leaves together. */
  send(frame: Parameters<typeof toFrame>[0]): void {
    this.raw(toFrame(frame));
  }

  raw(octets: Buffer): void {
    this.#out.push(octets);
    if (this.#out.length === 1) setImmediate(() => this.#flush());
  }

  answer({ command, sequence }: Frame, status: number, body: Buffer = nothing): void {
    this.send({ command: (command | answerBit) >>> 0, status, sequence, body });
  }

  /** Resolves with the status of its answer; undefined when none comes. */
  ask(command: number, body: Buffer): Promise<number | undefined> {
    this.#sequence = (this.#sequence % 0x7fffffff) + 1;
    const sequence = this.#sequence;
    return new Promise((done) => {
      const timer = setTimeout(() => this.#settle(sequence, undefined), answerMs);
      this.#waiting.set(sequence, (status) => {
        clearTimeout(timer);
        done(status);
      });
      this.send({ command, status: 0, sequence, body });
    });
  }

  cut(): void {
    this.#out = [];
    this.#socket.resetAndDestroy();
  }

  end(): void {
    this.#flush();
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  #flush(): void {
    const octets = Buffer.concat(this.#out);
    this.#out = [];
    if (octets.length > 0 && this.#socket.writable) this.#socket.write(octets);
  }

  #take(frame: Frame): void {
    const { command, sequence, status } = frame;
    if (command >= answerBit) this.#settle(sequence, status);
    else if (binds.has(command)) this.#bind(frame);
    else if (command === commands.enquire) {
      if (this.#events.hears()) this.answer(frame, statuses.ok);
    } else if (command === commands.unbind) {
      this.answer(frame, statuses.ok);
      this.end();
    } else if (this.#boundAs === undefined) this.answer(frame, statuses.notBound);
    else this.#events.request(frame, this);
  }

  #bind(frame: Frame): void {
    const status = this.#boundAs === undefined ? this.#events.bind(frame) : statuses.alreadyBound;
    this.answer(frame, status, status === statuses.ok ? systemId : nothing);
    if (status === statuses.ok) this.#boundAs = frame.command;
  }

  #settle(sequence: number, status: number | undefined): void {
    const done = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    done?.(status);
  }

  #close(): void {
    clearTimeout(this.#init);
    for (const sequence of [...this.#waiting.keys()]) this.#settle(sequence, undefined);
    this.#boundAs = undefined;
    this.#events.closed(this);
  }
}
