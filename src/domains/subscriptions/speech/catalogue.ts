import { english } from './english.ts';
import type { Locale } from './locale.ts';
import { russian } from './russian.ts';

/** A text of the catalogue, such as `nav.cards`. */
export type TextKey = keyof typeof english;

/** A text, or one by how many it is about: by the categories of `Intl.PluralRules` that its language has. */
export type Text = string | Readonly<Record<string, string>>;

/** Every text that a customer reads which no merchant has written. */
export const catalogue: Readonly<Record<Locale, Readonly<Record<TextKey, Text>>>> = {
  en: english,
  ru: russian,
};

type NamesIn<Written extends string> = Written extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** What stands in the braces of a text; `count` decides which of its forms it is. */
export type NamesOf<Key extends TextKey> = (typeof english)[Key] extends infer Written
  ? Written extends string
    ? NamesIn<Written>
    : 'count'
  : never;

/** A text that is whole as it is. */
export type PlainKey = {
  readonly [Key in TextKey]: [NamesOf<Key>] extends [never] ? Key : never;
}[TextKey];

/** Of a word that comes from elsewhere; such texts have nothing in braces. */
export function isPlainKey(text: string): text is PlainKey {
  const written = Object.hasOwn(english, text) ? english[text as TextKey] : undefined;
  return typeof written === 'string' && !written.includes('{');
}
