import { type Cursor, writeText } from './fields.ts';

interface TlvValues {
  readonly byte: number;
  readonly pair: number;
  readonly quad: number;
  /** A C-octet string. */
  readonly text: string;
  readonly octets: Buffer;
  /** It says something by being there. */
  readonly flag: true;
}
type TlvKind = keyof TlvValues;

interface TlvDefinition {
  readonly tag: number;
  readonly kind: TlvKind;
}

/** SMPP 3.4, §5.3.2. What is not listed here is carried as it came, in `others`. */
export const TLVS = {
  destAddrSubunit: { tag: 0x0005, kind: 'byte' },
  destNetworkType: { tag: 0x0006, kind: 'byte' },
  destBearerType: { tag: 0x0007, kind: 'byte' },
  destTelematicsId: { tag: 0x0008, kind: 'pair' },
  sourceAddrSubunit: { tag: 0x000d, kind: 'byte' },
  sourceNetworkType: { tag: 0x000e, kind: 'byte' },
  sourceBearerType: { tag: 0x000f, kind: 'byte' },
  sourceTelematicsId: { tag: 0x0010, kind: 'byte' },
  qosTimeToLive: { tag: 0x0017, kind: 'quad' },
  payloadType: { tag: 0x0019, kind: 'byte' },
  additionalStatusInfoText: { tag: 0x001d, kind: 'text' },
  receiptedMessageId: { tag: 0x001e, kind: 'text' },
  msMsgWaitFacilities: { tag: 0x0030, kind: 'byte' },
  privacyIndicator: { tag: 0x0201, kind: 'byte' },
  sourceSubaddress: { tag: 0x0202, kind: 'octets' },
  destSubaddress: { tag: 0x0203, kind: 'octets' },
  userMessageReference: { tag: 0x0204, kind: 'pair' },
  userResponseCode: { tag: 0x0205, kind: 'byte' },
  sourcePort: { tag: 0x020a, kind: 'pair' },
  destinationPort: { tag: 0x020b, kind: 'pair' },
  sarMsgRefNum: { tag: 0x020c, kind: 'pair' },
  languageIndicator: { tag: 0x020d, kind: 'byte' },
  sarTotalSegments: { tag: 0x020e, kind: 'byte' },
  sarSegmentSeqnum: { tag: 0x020f, kind: 'byte' },
  scInterfaceVersion: { tag: 0x0210, kind: 'byte' },
  callbackNumPresInd: { tag: 0x0302, kind: 'byte' },
  callbackNumAtag: { tag: 0x0303, kind: 'octets' },
  numberOfMessages: { tag: 0x0304, kind: 'byte' },
  callbackNum: { tag: 0x0381, kind: 'octets' },
  dpfResult: { tag: 0x0420, kind: 'byte' },
  setDpf: { tag: 0x0421, kind: 'byte' },
  msAvailabilityStatus: { tag: 0x0422, kind: 'byte' },
  networkErrorCode: { tag: 0x0423, kind: 'octets' },
  messagePayload: { tag: 0x0424, kind: 'octets' },
  deliveryFailureReason: { tag: 0x0425, kind: 'byte' },
  moreMessagesToSend: { tag: 0x0426, kind: 'byte' },
  messageState: { tag: 0x0427, kind: 'byte' },
  ussdServiceOp: { tag: 0x0501, kind: 'byte' },
  displayTime: { tag: 0x1201, kind: 'byte' },
  signal: { tag: 0x1203, kind: 'pair' },
  msValidity: { tag: 0x1204, kind: 'byte' },
  alertOnMessageDelivery: { tag: 0x130c, kind: 'flag' },
  itsReplyType: { tag: 0x1380, kind: 'byte' },
  itsSessionInfo: { tag: 0x1383, kind: 'pair' },
} as const satisfies Record<string, TlvDefinition>;

export interface OtherTlv {
  readonly tag: number;
  readonly value: Buffer;
}

/** Optional parameters, by their names in the specification. */
export type Tlvs = {
  readonly [Name in keyof typeof TLVS]?: TlvValues[(typeof TLVS)[Name]['kind']];
} & {
  /** Those of a vendor, those that came twice, and those whose length is not what their tag says. */
  readonly others?: readonly OtherTlv[];
};

export const NO_TLVS: Tlvs = {};
const HEAD = 4;
const LENGTH_MOST = 0xffff;
const FIXED: Readonly<Partial<Record<TlvKind, number>>> = { byte: 1, pair: 2, quad: 4, flag: 0 };
const DEFINITIONS = new Map<string, TlvDefinition>(Object.entries(TLVS));
const BY_TAG = new Map(
  [...DEFINITIONS].map(([name, { kind, tag }]) => [tag, { name, kind }] as const),
);

export function sizeOfTlvs(tlvs: Tlvs): number {
  if (tlvs === NO_TLVS) return 0;
  let size = 0;
  for (const [name, value] of Object.entries(tlvs)) {
    if (value === undefined) continue;
    if (name === 'others') {
      for (const other of value as readonly OtherTlv[]) size += HEAD + other.value.length;
    } else size += HEAD + lengthOf(kindOf(name), value);
  }
  return size;
}

function kindOf(name: string): TlvKind {
  const definition = DEFINITIONS.get(name);
  if (!definition) throw new RangeError(`no such TLV: ${name}`);
  return definition.kind;
}

function lengthOf(kind: TlvKind, value: unknown): number {
  if (kind === 'text') return (value as string).length + 1;
  return FIXED[kind] ?? (value as Buffer).length;
}

export function writeTlvs(cursor: Cursor, tlvs: Tlvs): void {
  if (tlvs === NO_TLVS) return;
  for (const [name, value] of Object.entries(tlvs)) {
    if (value === undefined) continue;
    if (name === 'others') {
      for (const other of value as readonly OtherTlv[]) {
        writeHead(cursor, other.tag, other.value.length);
        cursor.at += other.value.copy(cursor.buffer, cursor.at);
      }
      continue;
    }
    const { kind, tag } = DEFINITIONS.get(name) as TlvDefinition;
    writeHead(cursor, tag, lengthOf(kind, value));
    writeValue(cursor, kind, value);
  }
}

function writeHead(cursor: Cursor, tag: number, length: number): void {
  if (length > LENGTH_MOST) throw new RangeError(`a TLV of ${length} octets`);
  cursor.at = cursor.buffer.writeUInt16BE(tag, cursor.at);
  cursor.at = cursor.buffer.writeUInt16BE(length, cursor.at);
}

function writeValue(cursor: Cursor, kind: TlvKind, value: unknown): void {
  const { at, buffer } = cursor;
  if (kind === 'byte') cursor.at = buffer.writeUInt8(value as number, at);
  else if (kind === 'pair') cursor.at = buffer.writeUInt16BE(value as number, at);
  else if (kind === 'quad') cursor.at = buffer.writeUInt32BE(value as number, at);
  else if (kind === 'text') writeText(cursor, value as string, LENGTH_MOST);
  else if (kind === 'octets') cursor.at += (value as Buffer).copy(buffer, at);
}

/**
 * What stands behind the fields. A last one that is cut off is left out: the message before it is whole, and
 * refusing it would have it sent again for ever.
 */
export function readTlvs(cursor: Cursor): Tlvs {
  if (cursor.at >= cursor.end) return NO_TLVS;
  const tlvs: Record<string, unknown> = {};
  const others: OtherTlv[] = [];
  const { buffer, end } = cursor;
  while (cursor.at + HEAD <= end) {
    const tag = buffer.readUInt16BE(cursor.at);
    const from = cursor.at + HEAD;
    const to = from + buffer.readUInt16BE(cursor.at + 2);
    if (to > end) break;
    cursor.at = to;
    const known = BY_TAG.get(tag);
    const value = known && readValue(known.kind, buffer, { from, to });
    if (known && value !== undefined && !(known.name in tlvs)) tlvs[known.name] = value;
    else others.push({ tag, value: buffer.subarray(from, to) });
  }
  if (others.length > 0) tlvs.others = others;
  return tlvs as Tlvs;
}

/** Undefined when its length is not that of its kind. */
function readValue(
  kind: TlvKind,
  buffer: Buffer,
  { from, to }: { readonly from: number; readonly to: number },
): unknown {
  const fixed = FIXED[kind];
  if (fixed !== undefined && fixed !== to - from) return undefined;
  if (kind === 'byte') return buffer[from];
  if (kind === 'pair') return buffer.readUInt16BE(from);
  if (kind === 'quad') return buffer.readUInt32BE(from);
  if (kind === 'flag') return true;
  if (kind === 'octets') return buffer.subarray(from, to);
  const zero = buffer.subarray(from, to).indexOf(0);
  // Many centres leave out the zero at the end.
  return buffer.toString('latin1', from, zero < 0 ? to : from + zero);
}
