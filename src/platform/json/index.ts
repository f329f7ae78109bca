/** JSON in which every number is the text that stood there: ids larger than a double and money stay what they are. */
export type Json =
  | string
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

const keepNumbers: Reviver = (_name, value, { source }) =>
  typeof value === 'number' ? (source ?? String(value)) : value;

/** Where a number may begin. Most callbacks have none, and a reviver is dear. */
const MAYBE_NUMBER = /(?:^|"\s*:|[[,])\s*-?\d/;

/** Undefined where the text is no JSON. */
export function readJson(text: string): Json | undefined {
  try {
    if (!MAYBE_NUMBER.test(text)) return JSON.parse(text) as Json;
    return JSON.parse(text, keepNumbers as (name: string, value: unknown) => unknown) as Json;
  } catch {
    return undefined;
  }
}

/** What stands at a path of names; a number of the path counts in a list. */
export function at(json: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = json;
  for (const name of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Readonly<Record<string, Json | undefined>>)[name];
  }
  return here;
}

/** The same where a text or a number stands there, and is not empty. */
export function textAt(json: Json | undefined, ...path: readonly string[]): string | undefined {
  const value = at(json, ...path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A list of JSON. */
export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

/** A JSON object, no list. */
export function isObject(json: Json | undefined): boolean {
  return typeof json === 'object' && json !== null && !isList(json);
}

/** The list that stands there; empty where none does. */
export function listAt(json: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const value = at(json, ...path);
  return Array.isArray(value) ? value : [];
}

/** What a table has under a name that came from outside, where `constructor` is a name too. */
export function entryOf<Value>(
  table: Readonly<Record<string, Value>>,
  name: string | undefined,
): Value | undefined {
  return name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
