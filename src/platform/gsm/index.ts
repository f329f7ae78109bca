export {
  isSendable,
  measureText,
  type TextEncodingName,
  type TextMeasure,
} from './measure-text.ts';
export { decodeGsm, decodeUcs2, encodeGsm, encodeUcs2 } from './octets.ts';
export {
  GSM7_ROOM,
  LONG_HEADER_ROOMS,
  type PartRoom,
  type PartRooms,
  UCS2_ROOM,
} from './part-room.ts';
export { fillBitsBehind, packSeptets, unpackSeptets } from './septets.ts';
export { smartEncode } from './smart-encoding.ts';
export { encodePart, splitText, type TextPart } from './split-text.ts';
export { transliterateRussian } from './transliterate.ts';
