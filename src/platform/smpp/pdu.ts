import { BODIES, type Bodies } from './bodies.ts';
import { COMMANDS, type CommandName, commandOf, isResponseId } from './commands.ts';
import { type Cursor, type Field, readFields, sizeOf, Unreadable, writeFields } from './fields.ts';
import { STATUSES } from './statuses.ts';
import { NO_TLVS, readTlvs, sizeOfTlvs, type Tlvs, writeTlvs } from './tlvs.ts';

export interface Pdu<Name extends CommandName> {
  readonly command: Name;
  /** 0 in requests. */
  readonly status: number;
  /** From 1 to 0x7FFFFFFF; an answer bears that of its request. */
  readonly sequence: number;
  /** Octets in it are a part of what was received: copy what is kept for long. */
  readonly body: Bodies[Name];
  readonly tlvs: Tlvs;
}
export type AnyPdu = { readonly [Name in CommandName]: Pdu<Name> }[CommandName];

/** What is sent: fields that are left out are 0 or empty. */
export interface Outgoing<Name extends CommandName> {
  readonly command: Name;
  readonly sequence: number;
  readonly status?: number;
  readonly body?: Partial<Bodies[Name]>;
  readonly tlvs?: Tlvs;
}

export const HEADER_LENGTH = 16;
export const SEQUENCE_MOST = 0x7fffffff;

type Values = Readonly<Record<string, unknown>>;
const NO_VALUES: Values = {};

export function pduSize<Name extends CommandName>({ body, command, tlvs }: Outgoing<Name>): number {
  const fields: readonly Field[] = BODIES[command];
  return HEADER_LENGTH + sizeOf(fields, body ?? NO_VALUES) + sizeOfTlvs(tlvs ?? NO_TLVS);
}

/** Writes it into `buffer`, which has room for `pduSize`; answers where it ends. Throws a `RangeError` for what does not fit its field. */
export function writePdu<Name extends CommandName>(
  buffer: Buffer,
  at: number,
  pdu: Outgoing<Name>,
): number {
  const cursor: Cursor = { buffer, at: at + HEADER_LENGTH, end: buffer.length };
  const fields: readonly Field[] = BODIES[pdu.command];
  writeFields(cursor, fields, pdu.body ?? NO_VALUES);
  writeTlvs(cursor, pdu.tlvs ?? NO_TLVS);
  buffer.writeUInt32BE(cursor.at - at, at);
  buffer.writeUInt32BE(COMMANDS[pdu.command], at + 4);
  buffer.writeUInt32BE(pdu.status ?? 0, at + 8);
  buffer.writeUInt32BE(pdu.sequence, at + 12);
  return cursor.at;
}

export function encodePdu<Name extends CommandName>(pdu: Outgoing<Name>): Buffer {
  const buffer = Buffer.allocUnsafe(pduSize(pdu));
  writePdu(buffer, 0, pdu);
  return buffer;
}

export type Decoded =
  | { readonly outcome: 'pdu'; readonly pdu: AnyPdu }
  | {
      readonly outcome: 'unreadable';
      /** Undefined when nobody knows such a command. */
      readonly command: CommandName | undefined;
      readonly response: boolean;
      readonly sequence: number;
      /** What the other side is told. */
      readonly status: number;
      readonly reason: string;
    };

/** Reads one whole PDU, of at least a header. Never throws, whatever stands in it. */
export function decodePdu(frame: Buffer): Decoded {
  const id = frame.readUInt32BE(4);
  const status = frame.readUInt32BE(8);
  const sequence = frame.readUInt32BE(12);
  const command = commandOf(id);
  const response = isResponseId(id);
  if (command === undefined) {
    const reason = `no such command: 0x${id.toString(16).padStart(8, '0')}`;
    return {
      ...{ outcome: 'unreadable', command, response, sequence, reason },
      status: STATUSES.ESME_RINVCMDID,
    };
  }
  const cursor: Cursor = { buffer: frame, at: HEADER_LENGTH, end: frame.length };
  try {
    const body = readFields(cursor, BODIES[command], response);
    const tlvs = readTlvs(cursor);
    return { outcome: 'pdu', pdu: { command, status, sequence, body, tlvs } as unknown as AnyPdu };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return {
      ...{ outcome: 'unreadable', command, response, sequence, reason: error.message },
      status: STATUSES.ESME_RINVCMDLEN,
    };
  }
}
