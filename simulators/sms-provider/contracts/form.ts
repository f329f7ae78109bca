/** What stands in a query or a form, in its order: a name may come more than once. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** Decodes a query or a form whose bytes are in a charset of their own, as PHP sites expect it. */
export function parsePairs(text: string, charset = 'utf-8'): Pairs {
  const decoder = new TextDecoder(charset);
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
      return [decode(name, decoder), decode(value, decoder)] as const;
    });
}

/** The last of each name. */
export function toRecord(pairs: Pairs): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs);
}

function decode(text: string, decoder: InstanceType<typeof TextDecoder>): string {
  if (!/[%+\u0080-\u00ff]/.test(text)) return text;
  // The body was read byte by byte (latin1), so that nothing is decoded twice.
  const bytes = Buffer.from(
    text
      .replaceAll('+', ' ')
      .replaceAll(/%([0-9A-Fa-f]{2})/g, (_all, hex) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
    'latin1',
  );
  return decoder.decode(bytes);
}
