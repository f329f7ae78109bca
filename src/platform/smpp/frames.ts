import { HEADER_LENGTH } from './pdu.ts';

export interface FramesOptions {
  /** The longest PDU that is taken, in octets. */
  readonly lengthMost: number;
  /** Takes one whole PDU. It is a part of the chunk where it can be: not copied, and not to be changed. */
  readonly take: (frame: Buffer) => void;
  /** Where one PDU ends and the next begins is not known any more: the connection is of no use. */
  readonly lost: (reason: string) => void;
}

const LENGTH_OCTETS = 4;

/** Cuts a stream of octets into PDUs, however it was split and merged on the way. */
export class Frames {
  readonly #options: FramesOptions;
  /** What came and is not yet whole. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** How long the PDU is that begins with the first of the pieces; 0 while its length has not come. */
  #wanted = 0;
  #lost = false;

  constructor(options: FramesOptions) {
    this.#options = options;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#lost) {
      rest = this.#held === 0 ? this.#takeWhole(rest) : this.#fill(rest);
    }
  }

  /** Nothing is held, so whole PDUs are taken from the chunk itself. Answers nothing: the rest is held. */
  #takeWhole(chunk: Buffer): Buffer {
    let at = 0;
    while (chunk.length - at >= LENGTH_OCTETS) {
      const length = chunk.readUInt32BE(at);
      if (!this.#fits(length)) return chunk.subarray(chunk.length);
      if (chunk.length - at < length) {
        this.#wanted = length;
        break;
      }
      this.#options.take(
        at === 0 && length === chunk.length ? chunk : chunk.subarray(at, at + length),
      );
      at += length;
    }
    if (at < chunk.length) this.#hold(chunk.subarray(at));
    return chunk.subarray(chunk.length);
  }

  /** A PDU began in an earlier chunk: only such a one is copied. */
  #fill(chunk: Buffer): Buffer {
    const missing = (this.#wanted === 0 ? LENGTH_OCTETS : this.#wanted) - this.#held;
    const part = chunk.subarray(0, missing);
    this.#hold(part);
    if (part.length < missing) return chunk.subarray(chunk.length);
    const whole = Buffer.concat(this.#pieces, this.#held);
    if (this.#wanted === 0) {
      const length = whole.readUInt32BE(0);
      if (this.#fits(length)) this.#wanted = length;
    } else {
      this.#pieces = [];
      this.#held = 0;
      this.#wanted = 0;
      this.#options.take(whole);
    }
    return chunk.subarray(part.length);
  }

  #hold(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
  }

  #fits(length: number): boolean {
    if (length >= HEADER_LENGTH && length <= this.#options.lengthMost) return true;
    this.#lost = true;
    this.#pieces = [];
    this.#options.lost(
      `a PDU of ${length} octets, where ${HEADER_LENGTH} to ${this.#options.lengthMost} are taken`,
    );
    return false;
  }
}
