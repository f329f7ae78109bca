declare global {
  // ECMAScript 2025 (JSON.parse source text access); Node has it, the types of this compiler do not yet.
  interface JSON {
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
    parse(
      text: string,
      reviver: (name: string, value: unknown, context: Source) => unknown,
    ): unknown;
  }
}

interface Source {
  readonly source?: string;
}

/**
 * JSON text in which a bigint is an integer with all its digits. With `sorted`, the order in which an object's
 * members were written makes no difference.
 */
export function storedJson(value: unknown, options: { readonly sorted?: boolean } = {}): string {
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return JSON.rawJSON(String(member));
    return options.sorted ? sortMembers(member) : member;
  });
  return text ?? 'null'; // an answer without a body
}

/** Reads it back; an integer that a number can't hold exactly becomes a bigint again. */
export function readStoredJson(text: string): unknown {
  return JSON.parse(text, (_name, member: unknown, { source }: Source) => {
    if (typeof member !== 'number' || Number.isSafeInteger(member)) return member;
    return source !== undefined && /^-?[0-9]+$/.test(source) ? BigInt(source) : member;
  });
}

function sortMembers(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  if (JSON.isRawJSON(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
