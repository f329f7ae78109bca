import { decodeGsm, decodeUcs2, fillBitsBehind, unpackSeptets } from '#gsm';
import type { AnyPdu } from '#smpp';
import type { SmppSettings } from './settings.ts';

/** A part of an incoming message, as long as it is octets. */
export interface IncomingPart {
  readonly alphabet: Alphabet;
  readonly octets: Buffer;
  readonly concatenation?: Concatenation;
}

export interface Concatenation {
  readonly reference: number;
  readonly total: number;
  /** From 1. */
  readonly number: number;
}

type Alphabet = 'gsm' | 'latin1' | 'utf8' | 'ucs2' | 'cyrillic' | 'binary';
type ShortMessage = Extract<AnyPdu, { command: 'deliver_sm' | 'data_sm' }>;
type ReadingSettings = Pick<SmppSettings, 'gsm_packing' | 'incoming_alphabet'>;

const HAS_HEADER = 0x40;
const SHORT_REFERENCE = 0x00;
const LONG_REFERENCE = 0x08;
const BITS = { septet: 7, octet: 8 } as const;
/** SMPP 3.4, §5.2.19. */
const CODINGS: ReadonlyMap<number, Alphabet> = new Map([
  ...([1, 3].map((coding) => [coding, 'latin1']) as [number, Alphabet][]),
  ...([2, 4].map((coding) => [coding, 'binary']) as [number, Alphabet][]),
  ...([
    [6, 'cyrillic'],
    [8, 'ucs2'],
  ] as [number, Alphabet][]),
]);

export function contentOf({ body, tlvs }: ShortMessage): Buffer {
  if (tlvs.messagePayload) return tlvs.messagePayload;
  return 'shortMessage' in body ? body.shortMessage : Buffer.alloc(0);
}

/** Octets are copied: parts may wait for others longer than the chunk that they came in should be held. */
export function readIncomingPart(pdu: ShortMessage, settings: ReadingSettings): IncomingPart {
  const content = contentOf(pdu);
  const alphabet = alphabetOf(pdu.body.dataCoding, settings);
  const hasHeader = (pdu.body.esmClass & HAS_HEADER) !== 0 && content.length > 0;
  const headerLength = hasHeader ? Math.min((content[0] ?? 0) + 1, content.length) : 0;
  const raw = content.subarray(headerLength);
  const packed = alphabet === 'gsm' && settings.gsm_packing === 'septets';
  const octets = packed ? unpack(raw, headerLength) : Buffer.from(raw);
  const concatenation = hasHeader
    ? readHeader(content.subarray(1, headerLength))
    : readSegments(pdu);
  return { alphabet, octets, ...(concatenation ? { concatenation } : {}) };
}

function unpack(raw: Buffer, headerLength: number): Buffer {
  const fillBits = headerLength === 0 ? 0 : fillBitsBehind(headerLength);
  const count = Math.floor((raw.length * BITS.octet - fillBits) / BITS.septet);
  return unpackSeptets(raw, count, fillBits);
}

function alphabetOf(coding: number, { incoming_alphabet }: ReadingSettings): Alphabet {
  const known = CODINGS.get(coding);
  if (known) return known;
  // 3GPP TS 23.038, §4: message classes, whose third bit tells octets from letters.
  if ((coding & 0xf0) === 0xf0) return (coding & 0x04) === 0 ? 'gsm' : 'binary';
  return incoming_alphabet;
}

/** 3GPP TS 23.040, §9.2.3.24: elements of a kind, a length and that many octets. */
function readHeader(header: Buffer): Concatenation | undefined {
  for (let at = 0; at + 2 <= header.length; ) {
    const kind = header[at];
    const length = header[at + 1] ?? 0;
    const data = header.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    if (kind === SHORT_REFERENCE && data.length === 3) return checked(data[0], data[1], data[2]);
    if (kind === LONG_REFERENCE && data.length === 4)
      return checked(data.readUInt16BE(0), data[2], data[3]);
  }
  return undefined;
}

function readSegments({ tlvs }: ShortMessage): Concatenation | undefined {
  return checked(tlvs.sarMsgRefNum, tlvs.sarTotalSegments, tlvs.sarSegmentSeqnum);
}

/** Numbers that make no sense are as good as none: the text comes alone. */
function checked(reference?: number, total = 0, number = 0): Concatenation | undefined {
  if (reference === undefined || total < 2 || number < 1 || number > total) return undefined;
  return { reference, total, number };
}

/** Parts are joined before they are read: other senders cut letters in two. */
export function readText(alphabet: Alphabet, octets: Buffer): string {
  switch (alphabet) {
    case 'gsm':
      return decodeGsm(octets);
    case 'ucs2':
      return decodeUcs2(octets);
    case 'cyrillic':
      return new TextDecoder('iso-8859-5').decode(octets);
    case 'binary':
      return octets.toString('hex');
    default:
      return octets.toString(alphabet);
  }
}
