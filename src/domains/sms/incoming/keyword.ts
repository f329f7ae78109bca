import type { KeywordRow } from './incoming-store.ts';

/** A keyword as it is kept and compared: in lower case, without what people put around a word. */
export function spellKeyword(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, '')
    .trim()
    .replace(/\s+/g, ' ');
}

/** Whose message it is: the longest keyword with which its words begin; the empty one takes what no other does. */
export function routeKeyword(
  keywords: readonly KeywordRow[],
  text: string,
): KeywordRow | undefined {
  const spelled = `${spellKeyword(text)} `;
  return keywords
    .filter(({ keyword }) => keyword === '' || spelled.startsWith(`${keyword} `))
    .toSorted((one, other) => other.keyword.length - one.keyword.length)[0];
}
