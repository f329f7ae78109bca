import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { messageOf } from '#errors';
import { fail } from './errors.ts';

/** A file of a hundred thousand payments has half of that. */
export const XML_BYTES_MAX = 128 * 1024 * 1024;

export type XmlElement = Readonly<Record<string, unknown>>;

/** Elements without their prefixes; every element is a list or one, so it is read by the functions below only. */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // The five of XML itself, which are letters; a document's own are refused with its type.
  processEntities: true,
  htmlEntities: false,
});

/** Throws `bank_report_malformed` for what is too long, is no XML, or brings a document type: its entities could grow. */
export function readXml(bytes: Buffer): XmlElement {
  if (bytes.length > XML_BYTES_MAX)
    throw malformed(`has ${bytes.length} bytes, and at most ${XML_BYTES_MAX} are read`);
  const text = new TextDecoder('utf-8', { fatal: false }).decode(bytes);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw malformed('brings a document type of its own');
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw malformed(`is no XML: ${valid.err.msg} (line ${valid.err.line})`);
  try {
    return parser.parse(text) as XmlElement;
  } catch (error) {
    throw malformed(`is no XML: ${messageOf(error)}`);
  }
}

/** An empty element where there is none. */
export function elementOf(parent: XmlElement, name: string): XmlElement {
  return elementsOf(parent, name)[0] ?? {};
}

export function elementsOf(parent: XmlElement, name: string): readonly XmlElement[] {
  const found = Object.hasOwn(parent, name) ? parent[name] : undefined;
  const list = found === undefined ? [] : Array.isArray(found) ? found : [found];
  return list.map((one) =>
    typeof one === 'object' && one !== null ? (one as XmlElement) : { '#text': one },
  );
}

/** Empty where there is none. `#text` is the element's own. */
export function textOf(parent: XmlElement, name: string): string {
  const found = Object.hasOwn(parent, name) ? parent[name] : undefined;
  const one = Array.isArray(found) ? found[0] : found;
  if (typeof one === 'string' || typeof one === 'number') return String(one).trim();
  if (typeof one === 'object' && one !== null) return textOf(one as XmlElement, '#text');
  return '';
}

function malformed(what: string): Error {
  return fail('bank_report_malformed', `The file ${what}.`);
}
