/** The little of XML-RPC (xmlrpc.com/spec) that UCIP uses: one struct there, one struct back. */

export type XmlRpcValue = string | number | { readonly iso8601: string };

export type XmlRpcAnswer =
  | { readonly members: ReadonlyMap<string, string> }
  | { readonly fault: { readonly code: number; readonly text: string } };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const UNESCAPES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};

/** The call of `method` with one struct of `members`, in their order. */
export function encodeCall(method: string, members: Readonly<Record<string, XmlRpcValue>>): string {
  let struct = '';
  for (const name in members) struct += encodeMember(name, members[name] as XmlRpcValue);
  return (
    '<?xml version="1.0" encoding="utf-8"?>' +
    `<methodCall><methodName>${method}</methodName><params><param><value><struct>${struct}` +
    '</struct></value></param></params></methodCall>'
  );
}

function encodeMember(name: string, value: XmlRpcValue): string {
  return `<member><name>${name}</name><value>${encodeValue(value)}</value></member>`;
}

function encodeValue(value: XmlRpcValue): string {
  if (typeof value === 'string') return `<string>${escapeXml(value)}</string>`;
  if (typeof value === 'number') return `<i4>${value}</i4>`;
  return `<dateTime.iso8601>${value.iso8601}</dateTime.iso8601>`;
}

// XML 1.0 has no way to write most control characters (§2.2): they become the sign for what can't be shown.
const UNWRITABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very ones
  /[&<>"\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const ALL_UNWRITABLE = new RegExp(UNWRITABLE, 'g');

function escapeXml(text: string): string {
  return UNWRITABLE.test(text)
    ? text.replace(ALL_UNWRITABLE, (letter) => ESCAPES[letter] ?? '\ufffd')
    : text;
}

// A type element is optional in XML-RPC: a bare <value> is a string.
const MEMBER =
  /<name>\s*([^<]*?)\s*<\/name>\s*<value>\s*(?:<(?:string|i4|int|boolean|double|dateTime\.iso8601)>([^<]*)<\/[^>]+>|<string\s*\/>|([^<]*))\s*<\/value>/g;

/** Reads an answer; undefined when it is no complete XML-RPC response: then nothing is known. */
export function decodeAnswer(xml: string): XmlRpcAnswer | undefined {
  if (!xml.includes('<methodResponse') || !xml.includes('</methodResponse>')) return undefined;
  const members = new Map<string, string>();
  for (const [, name = '', typed, bare] of xml.matchAll(MEMBER)) {
    members.set(name, unescapeXml(typed ?? bare ?? ''));
  }
  if (!xml.includes('<fault>')) return members.size > 0 ? { members } : undefined;
  const code = Number(members.get('faultCode') ?? Number.NaN);
  return { fault: { code, text: members.get('faultString') ?? '' } };
}

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:amp|lt|gt|quot|apos);/g, (entity) => UNESCAPES[entity] ?? entity);
}
