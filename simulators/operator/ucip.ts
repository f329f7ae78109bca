/** The operator's side of a UCIP-like protocol: XML-RPC with one struct in and one struct out. */
export interface UcipCall {
  readonly method: string;
  readonly members: ReadonlyMap<string, string>;
}

export type MemberType = 'i4' | 'string';
export type Member = readonly [name: string, type: MemberType, value: string | number];

// No two neighbouring parts of this pattern may match the same character at length: a hostile body
// would otherwise cost quadratic time.
const memberPattern =
  /<name>([^<]*)<\/name>\s*<value>\s*(?:<(string|int|i4|dateTime\.iso8601|boolean|double)\s*\/?>)?([^<]*)/g;
const integerPattern = /^[-+]?\d{1,10}$/;

/** Tolerant: any order, any white space, unknown members kept. Undefined: not a method call. */
export function parseCall(body: string): UcipCall | undefined {
  const method = between(body, '<methodName>', '</methodName>');
  if (method === undefined || !body.includes('</methodCall>')) return undefined;
  const members = new Map<string, string>();
  memberPattern.lastIndex = 0;
  for (let found = memberPattern.exec(body); found !== null; found = memberPattern.exec(body)) {
    const [, name = '', type, text = ''] = found;
    const value = unescapeXml(text.trim());
    const isInteger = type === 'int' || type === 'i4';
    // A malformed integer counts as absent, so that the caller hears which member is at fault.
    if (!isInteger || integerPattern.test(value)) members.set(name.trim(), value);
  }
  return { method, members };
}

export function formatResponse(members: readonly Member[]): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?><methodResponse><params><param><value>' +
    `${formatStruct(members)}</value></param></params></methodResponse>`
  );
}

export function formatFault(code: number, text: string): string {
  const members: readonly Member[] = [
    ['faultCode', 'i4', code],
    ['faultString', 'string', text],
  ];
  return (
    '<?xml version="1.0" encoding="utf-8"?><methodResponse><fault><value>' +
    `${formatStruct(members)}</value></fault></methodResponse>`
  );
}

function formatStruct(members: readonly Member[]): string {
  let text = '<struct>';
  for (const [name, type, value] of members) {
    text += `<member><name>${name}</name><value><${type}>${escapeXml(String(value))}</${type}></value></member>`;
  }
  return `${text}</struct>`;
}

function between(text: string, opening: string, closing: string): string | undefined {
  const start = text.indexOf(opening);
  if (start < 0) return undefined;
  const end = text.indexOf(closing, start);
  return end < 0 ? undefined : text.slice(start + opening.length, end).trim();
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(#x?[0-9a-fA-F]{1,6}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return entities[name] ?? whole;
    const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function escapeXml(text: string): string {
  if (!/[&<>]/.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
