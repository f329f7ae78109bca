/** One receiver of a submit_multi: an address, or a list that the centre knows by name. */
export type Destination =
  | { readonly ton: number; readonly npi: number; readonly address: string }
  | { readonly list: string };

/** One receiver whom a submit_multi did not reach, and why. */
export interface Refusal {
  readonly ton: number;
  readonly npi: number;
  readonly address: string;
  readonly status: number;
}

/** What a field holds in code, by how it stands on the wire. */
export interface FieldValues {
  readonly byte: number;
  /** A C-octet string: Latin-1 octets, ended by a zero octet. */
  readonly text: string;
  /** Octets behind an octet that counts them. */
  readonly octets: Buffer;
  readonly destinations: readonly Destination[];
  readonly refusals: readonly Refusal[];
}
export type FieldKind = keyof FieldValues;

export interface Field<Name extends string = string, Kind extends FieldKind = FieldKind> {
  readonly name: Name;
  readonly kind: Kind;
  /** Octets at most, without the zero that ends a text. */
  readonly most: number;
}

export type BodyOf<Fields extends readonly Field[]> = {
  readonly [One in Fields[number] as One['name']]: FieldValues[One['kind']];
};

export function byte<const Name extends string>(name: Name): Field<Name, 'byte'> {
  return { name, kind: 'byte', most: 1 };
}

export function text<const Name extends string>(name: Name, most: number): Field<Name, 'text'> {
  return { name, kind: 'text', most };
}

export function octets<const Name extends string>(name: Name, most: number): Field<Name, 'octets'> {
  return { name, kind: 'octets', most };
}

/** Kind of number, numbering plan, address: three fields that always stand together. */
export function address<const Name extends string>(name: Name, most: number) {
  return [byte(`${name}Ton`), byte(`${name}Npi`), text(name, most)] as const satisfies Field[];
}

export const ADDRESS_MOST = 20;
const LIST_NAME_MOST = 20;
const BY_ADDRESS = 1;
const BY_LIST = 2;
const DESTINATIONS_MOST = 255;
const NOTHING = Buffer.alloc(0);

/** A place in a buffer that moves on as it is read or written. */
export interface Cursor {
  readonly buffer: Buffer;
  at: number;
  /** Nothing is read from here on. */
  readonly end: number;
}

/** Why something can't be read; never leaves the codec. */
export class Unreadable extends Error {}

type Values = Readonly<Record<string, unknown>>;

export function sizeOf(fields: readonly Field[], body: Values): number {
  let size = 0;
  for (const { kind, name } of fields) {
    const value = body[name];
    if (kind === 'byte') size += 1;
    else if (kind === 'text') size += ((value as string | undefined)?.length ?? 0) + 1;
    else if (kind === 'octets') size += ((value as Buffer | undefined)?.length ?? 0) + 1;
    else size += 1 + sizeOfList(value as readonly (Destination | Refusal)[] | undefined);
  }
  return size;
}

function sizeOfList(list: readonly (Destination | Refusal)[] = []): number {
  let size = 0;
  for (const one of list) {
    if ('list' in one) size += one.list.length + 2;
    else if ('status' in one) size += one.address.length + 7;
    else size += one.address.length + 4;
  }
  return size;
}

/** Throws a `RangeError` for what the protocol can't carry: whoever calls has checked what comes from outside. */
export function writeFields(cursor: Cursor, fields: readonly Field[], body: Values): void {
  for (const { kind, most, name } of fields) {
    const value = body[name];
    if (kind === 'byte') writeByte(cursor, (value as number | undefined) ?? 0);
    else if (kind === 'text') writeText(cursor, (value as string | undefined) ?? '', most);
    else if (kind === 'octets') writeOctets(cursor, (value as Buffer | undefined) ?? NOTHING, most);
    else if (kind === 'destinations') writeDestinations(cursor, (value as Destination[]) ?? []);
    else writeRefusals(cursor, (value as Refusal[]) ?? []);
  }
}

export function writeByte(cursor: Cursor, value: number): void {
  cursor.buffer[cursor.at++] = value;
}

export function writeText(cursor: Cursor, value: string, most: number): void {
  if (value.length > most)
    throw new RangeError(`a text of ${value.length} where ${most} are the most`);
  const { buffer } = cursor;
  let at = cursor.at;
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index);
    if (code === 0 || code > 0xff) throw new RangeError('a text of SMPP is Latin-1 without zeros');
    buffer[at++] = code;
  }
  buffer[at++] = 0;
  cursor.at = at;
}

function writeOctets(cursor: Cursor, value: Buffer, most: number): void {
  if (value.length > most)
    throw new RangeError(`${value.length} octets where ${most} are the most`);
  writeByte(cursor, value.length);
  cursor.at += value.copy(cursor.buffer, cursor.at);
}

function writeDestinations(cursor: Cursor, list: readonly Destination[]): void {
  if (list.length > DESTINATIONS_MOST) throw new RangeError('at most 255 receivers');
  writeByte(cursor, list.length);
  for (const one of list) {
    if ('list' in one) {
      writeByte(cursor, BY_LIST);
      writeText(cursor, one.list, LIST_NAME_MOST);
    } else {
      writeByte(cursor, BY_ADDRESS);
      writeAddress(cursor, one);
    }
  }
}

function writeRefusals(cursor: Cursor, list: readonly Refusal[]): void {
  if (list.length > DESTINATIONS_MOST) throw new RangeError('at most 255 receivers');
  writeByte(cursor, list.length);
  for (const one of list) {
    writeAddress(cursor, one);
    cursor.at = cursor.buffer.writeUInt32BE(one.status, cursor.at);
  }
}

function writeAddress(cursor: Cursor, one: { ton: number; npi: number; address: string }): void {
  writeByte(cursor, one.ton);
  writeByte(cursor, one.npi);
  writeText(cursor, one.address, ADDRESS_MOST);
}

/**
 * Texts longer than the specification allows are taken: centres send them. With `lenient` what is missing at the
 * end reads as empty: refusals come without their body.
 */
export function readFields(
  cursor: Cursor,
  fields: readonly Field[],
  lenient: boolean,
): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { kind, name } of fields) {
    if (lenient && cursor.at >= cursor.end) body[name] = emptyOf(kind);
    else if (kind === 'byte') body[name] = readByte(cursor);
    else if (kind === 'text') body[name] = readText(cursor, lenient);
    else if (kind === 'octets') body[name] = readOctets(cursor);
    else if (kind === 'destinations') body[name] = readDestinations(cursor);
    else body[name] = readRefusals(cursor);
  }
  return body;
}

function emptyOf(kind: FieldKind): unknown {
  if (kind === 'byte') return 0;
  if (kind === 'text') return '';
  return kind === 'octets' ? NOTHING : [];
}

export function readByte(cursor: Cursor): number {
  const value = cursor.at < cursor.end ? cursor.buffer[cursor.at] : undefined;
  if (value === undefined) throw new Unreadable('it ends too early');
  cursor.at += 1;
  return value;
}

export function readText(cursor: Cursor, lenient: boolean): string {
  const { at, buffer, end } = cursor;
  let zero = at;
  while (zero < end && buffer[zero] !== 0) zero += 1;
  if (zero === end && !lenient) throw new Unreadable('a text has no end');
  cursor.at = Math.min(zero + 1, end);
  return buffer.toString('latin1', at, zero);
}

function readOctets(cursor: Cursor): Buffer {
  const length = readByte(cursor);
  const from = cursor.at;
  if (from + length > cursor.end) throw new Unreadable('it has fewer octets than it counts');
  cursor.at = from + length;
  return cursor.buffer.subarray(from, from + length);
}

function readDestinations(cursor: Cursor): Destination[] {
  return Array.from({ length: readByte(cursor) }, () => {
    const flag = readByte(cursor);
    if (flag === BY_LIST) return { list: readText(cursor, false) };
    if (flag !== BY_ADDRESS) throw new Unreadable('a receiver is neither an address nor a list');
    return readAddress(cursor);
  });
}

function readRefusals(cursor: Cursor): Refusal[] {
  return Array.from({ length: readByte(cursor) }, () => {
    const receiver = readAddress(cursor);
    if (cursor.at + 4 > cursor.end) throw new Unreadable('it ends too early');
    const status = cursor.buffer.readUInt32BE(cursor.at);
    cursor.at += 4;
    return { ...receiver, status };
  });
}

function readAddress(cursor: Cursor) {
  const ton = readByte(cursor);
  const npi = readByte(cursor);
  return { ton, npi, address: readText(cursor, false) };
}
