import type { Submit } from './wire.ts';

// 3GPP TS 23.038, §6.2.1, in the order of its codes; at 0x1b stands the escape to the second table.
const letters =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const escapeCode = 0x1b;
const second: Readonly<Record<number, string>> = {
  ...{ 10: '\f', 20: '^', 40: '{', 41: '}', 47: '\\' },
  ...{ 60: '[', 61: '~', 62: ']', 64: '|', 101: '€' },
};
const codes = new Map<string, readonly number[]>([
  ...Array.from(letters, (letter, code) => [letter, [code]] as const),
  ...Object.entries(second).map(([code, letter]) => [letter, [escapeCode, Number(code)]] as const),
]);
const ucs2 = 8;
const ia5AndLatin1: ReadonlySet<number> = new Set([1, 3]);
const hasHeader = 0x40;
const perPart = { gsm: 153, ucs2: 67 } as const;
const alone = { gsm: 160, ucs2: 70 } as const;

export interface PartPlace {
  readonly reference: number;
  readonly total: number;
  readonly number: number;
}

/** What a handset would show of a submit, and which part of a text it is. */
export function readContent(submit: Submit): {
  readonly text: string;
  readonly part: PartPlace | undefined;
} {
  const { coding, content, esmClass, options } = submit;
  const length = esmClass & hasHeader ? (content[0] ?? 0) + 1 : 0;
  const rest = content.subarray(length);
  const text = decode(coding, rest);
  return { text, part: length > 0 ? placeOfHeader(content) : placeOfOptions(options) };
}

/** SMPP 3.4, §5.2.19: what is not told is the default alphabet. */
function decode(coding: number, bytes: Buffer): string {
  if (coding === ucs2) return decodeUcs2(bytes);
  return ia5AndLatin1.has(coding) ? bytes.toString('latin1') : decodeGsm(bytes);
}

function placeOfHeader(content: Buffer): PartPlace | undefined {
  const [, kind, , first = 0, next = 0, third = 0, fourth = 0] = content;
  if (kind === 0) return { reference: first, total: next, number: third };
  return kind === 8 ? { reference: first * 256 + next, total: third, number: fourth } : undefined;
}

function placeOfOptions(options: ReadonlyMap<number, Buffer>): PartPlace | undefined {
  const reference = options.get(0x020c);
  if (!reference) return undefined;
  return {
    reference: reference.readUInt16BE(0),
    total: options.get(0x020e)?.[0] ?? 1,
    number: options.get(0x020f)?.[0] ?? 1,
  };
}

function decodeGsm(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const code = bytes[at] ?? 0;
    if (code === escapeCode) {
      at += 1;
      text += second[bytes[at] ?? 0] ?? ' ';
    } else text += letters[code] ?? '�';
  }
  return text;
}

function decodeUcs2(bytes: Buffer): string {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1))
    .swap16()
    .toString('utf16le');
}

/** What a handset's owner wrote, as a network brings it: cut where it must be, wherever that falls. */
export function toContents(text: string, reference: number) {
  const isGsm = Array.from(text).every((letter) => codes.has(letter));
  const units = isGsm
    ? Array.from(text, (letter) => codes.get(letter) ?? []).flat()
    : [...halves(text)];
  const kind = isGsm ? 'gsm' : 'ucs2';
  const size = units.length <= alone[kind] ? alone[kind] : perPart[kind];
  const total = Math.max(1, Math.ceil(units.length / size));
  return Array.from({ length: total }, (_, at) => {
    const own = units.slice(at * size, (at + 1) * size);
    const bytes = isGsm
      ? Buffer.from(own)
      : Buffer.from(own.flatMap((unit) => [unit >> 8, unit & 255]));
    const header = total === 1 ? [] : [5, 0, 3, reference & 255, total, at + 1];
    return {
      coding: isGsm ? 0 : ucs2,
      esmClass: total === 1 ? 0 : hasHeader,
      content: Buffer.concat([Buffer.from(header), bytes]),
    };
  });
}

function* halves(text: string): Generator<number> {
  for (let at = 0; at < text.length; at += 1) yield text.charCodeAt(at);
}
