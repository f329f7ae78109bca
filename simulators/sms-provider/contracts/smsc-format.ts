import type { Reply } from '#simulators/kit';
import { plainText } from './contract.ts';

type Query = Readonly<Record<string, string>>;

/** The four formats: 0 for people, 1 by commas, 2 XML, 3 JSON. */
export function formatSmsc(query: Query, value: object, text: string, csv: string): Reply {
  switch (query.fmt) {
    case '3':
      // Escaped, so that it is the same in every charset.
      return { status: 200, type: 'application/json', body: escapeJson(value) };
    case '2': {
      const members = Object.entries(value).map(
        ([name, one]) => `<${name}>${String(one)}</${name}>`,
      );
      return {
        status: 200,
        type: 'text/xml',
        body: `<?xml version="1.0"?>\n<result>${members.join('')}</result>`,
      };
    }
    default:
      return plainText(query.fmt === '1' ? csv : text);
  }
}

function escapeJson(value: object): string {
  return JSON.stringify(value).replaceAll(
    /[\u0080-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
