/** SMPP 3.4 as this centre writes it: PDUs of few kinds, read and written field by field. */
export const commands = {
  bindReceiver: 0x01,
  bindTransmitter: 0x02,
  query: 0x03,
  submit: 0x04,
  deliver: 0x05,
  unbind: 0x06,
  cancel: 0x08,
  bindTransceiver: 0x09,
  outbind: 0x0b,
  enquire: 0x15,
  nack: 0x80000000,
} as const;

export const answerBit = 0x80000000;
const headerBytes = 16;
/** More than any PDU with a payload has. */
const lengthLimit = 80_000;

export const statuses = {
  ok: 0x00,
  badLength: 0x02,
  badCommand: 0x03,
  notBound: 0x04,
  alreadyBound: 0x05,
  systemError: 0x08,
  badSource: 0x0a,
  badDestination: 0x0b,
  badMessageId: 0x0c,
  badPassword: 0x0e,
  cancelFailed: 0x11,
  queueFull: 0x14,
  throttled: 0x58,
  noMoney: 0x0401,
  forbiddenText: 0x0402,
  stopList: 0x0403,
} as const;

export interface Frame {
  readonly command: number;
  readonly status: number;
  readonly sequence: number;
  readonly body: Buffer;
}

export interface Submit {
  readonly from: string;
  readonly to: string;
  readonly esmClass: number;
  readonly validity: string;
  readonly registered: number;
  readonly coding: number;
  readonly content: Buffer;
  readonly options: ReadonlyMap<number, Buffer>;
}

export function toFrame(frame: Omit<Frame, 'body'> & { readonly body?: Buffer }): Buffer {
  const { body = Buffer.alloc(0), command, sequence, status } = frame;
  const head = Buffer.alloc(headerBytes);
  for (const [at, value] of [headerBytes + body.length, command, status, sequence].entries())
    head.writeUInt32BE(value, at * 4);
  return Buffer.concat([head, body]);
}

/** Collects what comes and gives whole frames; throws for a length that none has. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= 4) {
      const length = this.#rest.readUInt32BE(at);
      if (length < headerBytes || length > lengthLimit) throw new Error(`a length of ${length}`);
      if (this.#rest.length - at < length) break;
      const whole = this.#rest.subarray(at, at + length);
      frames.push({
        ...{ command: whole.readUInt32BE(4), status: whole.readUInt32BE(8) },
        ...{ sequence: whole.readUInt32BE(12), body: whole.subarray(headerBytes) },
      });
      at += length;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }
}

/** Reads fields one after the other; what is missing reads as empty or 0. */
export class FieldReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  byte(): number {
    const value = this.#body[this.#at] ?? 0;
    this.#at += 1;
    return value;
  }

  text(): string {
    const found = this.#body.indexOf(0, this.#at);
    const end = found < 0 ? this.#body.length : found;
    const value = this.#body.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  bytes(length: number): Buffer {
    const value = this.#body.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  options(): ReadonlyMap<number, Buffer> {
    const found = new Map<number, Buffer>();
    while (this.#at + 4 <= this.#body.length) {
      const tag = this.#body.readUInt16BE(this.#at);
      const length = this.#body.readUInt16BE(this.#at + 2);
      this.#at += 4;
      found.set(tag, this.bytes(length));
    }
    return found;
  }
}

export function readSubmit(body: Buffer): Submit {
  const fields = new FieldReader(body);
  fields.text();
  const from = readAddress(fields);
  const to = readAddress(fields);
  const esmClass = fields.byte();
  fields.bytes(2);
  fields.text();
  const validity = fields.text();
  const registered = fields.byte();
  fields.byte();
  const coding = fields.byte();
  fields.byte();
  const short = fields.bytes(fields.byte());
  const options = fields.options();
  const content = options.get(0x0424) ?? short;
  return { from, to, esmClass, validity, registered, coding, content, options };
}

function readAddress(fields: FieldReader): string {
  fields.bytes(2);
  return fields.text();
}

export function readQuery(body: Buffer): { readonly id: string; readonly from: string } {
  const fields = new FieldReader(body);
  return { id: fields.text(), from: readAddress(fields) };
}

export function readCancel(body: Buffer): { readonly id: string; readonly from: string } {
  const fields = new FieldReader(body);
  fields.text();
  return { id: fields.text(), from: readAddress(fields) };
}

export function textField(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'latin1');
}

export function option(tag: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(tag, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

export interface Delivery {
  readonly from: string;
  readonly to: string;
  readonly esmClass: number;
  readonly coding: number;
  readonly content: Buffer;
  readonly options?: readonly Buffer[];
}

export function toDeliverBody(delivery: Delivery): Buffer {
  const { coding, content, esmClass, from, options = [], to } = delivery;
  return Buffer.concat([
    ...[textField(''), Buffer.from([1, 1]), textField(from), Buffer.from([0, 1]), textField(to)],
    ...[Buffer.from([esmClass, 0, 0, 0, 0, 0, 0, coding, 0, content.length]), content, ...options],
  ]);
}
