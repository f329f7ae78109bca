import {
  encodePart,
  fillBitsBehind,
  LONG_HEADER_ROOMS,
  measureText,
  packSeptets,
  splitText,
  type TextPart,
} from '#gsm';
import { SHORT_MESSAGE_MOST, type Tlvs } from '#smpp';
import type { SmppSettings } from './settings.ts';

/** One submit_sm of a message: what is different from those of its other parts. */
export interface Part {
  readonly hasHeader: boolean;
  readonly dataCoding: number;
  readonly shortMessage: Buffer;
  readonly tlvs?: Tlvs;
}

type CuttingSettings = Pick<
  SmppSettings,
  'long_messages' | 'gsm_packing' | 'gsm_data_coding' | 'ucs2_data_coding'
>;

const NOTHING = Buffer.alloc(0);

/** Cuts a text into submits. `reference` tells its parts from those of other messages to the same handset. */
export function cutMessage(text: string, reference: number, settings: CuttingSettings): Part[] {
  if (settings.long_messages === 'payload') return [wholeMessage(text, settings)];
  const rooms = settings.long_messages === 'udh16' ? LONG_HEADER_ROOMS : undefined;
  const pieces = splitText(text, rooms);
  return pieces.map((piece, at) => {
    const place = { reference, total: pieces.length, number: at + 1 };
    if (pieces.length === 1) return plainPart(piece, settings);
    return settings.long_messages === 'sar'
      ? { ...plainPart(piece, settings), tlvs: segmentTlvs(place) }
      : headedPart(piece, place, settings);
  });
}

function codingOf({ encoding }: TextPart, settings: CuttingSettings): number {
  return encoding === 'gsm7' ? settings.gsm_data_coding : settings.ucs2_data_coding;
}

function plainPart(piece: TextPart, settings: CuttingSettings): Part {
  return {
    ...{ hasHeader: false, dataCoding: codingOf(piece, settings) },
    shortMessage: octetsOf(piece, settings, 0),
  };
}

function octetsOf(piece: TextPart, settings: CuttingSettings, headerLength: number): Buffer {
  const octets = encodePart(piece);
  if (piece.encoding === 'ucs2' || settings.gsm_packing === 'octets') return octets;
  return packSeptets(octets, headerLength === 0 ? 0 : fillBitsBehind(headerLength));
}

/** The centre cuts it. */
function wholeMessage(text: string, settings: CuttingSettings): Part {
  const piece: TextPart = { text, encoding: measureText(text).encoding };
  const part = plainPart(piece, settings);
  const { shortMessage } = part;
  if (measureText(text).segments === 1 && shortMessage.length <= SHORT_MESSAGE_MOST) return part;
  return { ...part, shortMessage: NOTHING, tlvs: { messagePayload: shortMessage } };
}

interface Place {
  readonly reference: number;
  readonly total: number;
  readonly number: number;
}

function segmentTlvs({ number, reference, total }: Place): Tlvs {
  return { sarMsgRefNum: reference & 0xffff, sarTotalSegments: total, sarSegmentSeqnum: number };
}

/** 3GPP TS 23.040, §9.2.3.24.1 and §9.2.3.24.8. */
function headedPart(piece: TextPart, place: Place, settings: CuttingSettings): Part {
  const { number, reference, total } = place;
  const header =
    settings.long_messages === 'udh16'
      ? [0x06, 0x08, 0x04, (reference >> 8) & 0xff, reference & 0xff, total, number]
      : [0x05, 0x00, 0x03, reference & 0xff, total, number];
  const octets = octetsOf(piece, settings, header.length);
  return {
    ...{ hasHeader: true, dataCoding: codingOf(piece, settings) },
    shortMessage: Buffer.concat([Buffer.from(header), octets]),
  };
}
