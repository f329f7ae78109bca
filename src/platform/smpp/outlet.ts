import type { Duplex } from 'node:stream';
import type { CommandName } from './commands.ts';
import { type Outgoing, pduSize, writePdu } from './pdu.ts';

const SLAB_OCTETS = 64 * 1024;

/**
 * Gathers what is written during one turn of the loop and hands it to the socket at once. What the socket has not
 * been given has certainly not left.
 */
export class Outlet {
  readonly #socket: Duplex;
  readonly #drained: () => void;
  #slab = Buffer.allocUnsafeSlow(SLAB_OCTETS);
  /** From here to `#to` stands what the socket has not been given. */
  #from = 0;
  #to = 0;
  #scheduled = false;
  #blocked = false;
  #closed = false;

  /** `drained` is called when the other side reads again. */
  constructor(socket: Duplex, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
    socket.on('drain', () => {
      this.#blocked = false;
      this.flush();
      if (!this.#blocked) this.#drained();
    });
  }

  /** The other side does not read what it is sent. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Called after octets have been given to the socket. */
  flushed: () => void = () => {};

  /** Throws a `RangeError`, and writes nothing, for what does not fit its field. */
  write<Name extends CommandName>(pdu: Outgoing<Name>): void {
    const size = pduSize(pdu);
    if (this.#to + size > this.#slab.length) this.#renew(size);
    this.#to = writePdu(this.#slab, this.#to, pdu);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** While the other side does not read, everything waits here. */
  flush(): void {
    if (this.#closed || this.#blocked || this.#from === this.#to) return;
    const octets = this.#slab.subarray(this.#from, this.#to);
    this.#from = this.#to;
    this.#blocked = !this.#socket.write(octets);
    this.flushed();
  }

  close(): void {
    this.#closed = true;
  }

  /** A slab is never written twice: the socket may still hold parts of it. */
  #renew(size: number): void {
    const kept = this.#to - this.#from;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_OCTETS, (kept + size) * 2));
    this.#slab.copy(slab, 0, this.#from, this.#to);
    this.#slab = slab;
    this.#from = 0;
    this.#to = kept;
  }
}
