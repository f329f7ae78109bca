import type { Exchange } from '#exchange';

/** JSON in which every number is the text that stood there: ids larger than a double and money stay what they are. */
export type Json =
  | string
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** What a provider answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined where the body is no JSON. */
  readonly json: Json | undefined;
}

type Reviver = (name: string, value: unknown, context: { readonly source?: string }) => unknown;

const keepNumbers: Reviver = (_name, value, { source }) =>
  typeof value === 'number' ? (source ?? String(value)) : value;

/** Where a number may begin. Most callbacks have none, and a reviver is dear. */
const MAYBE_NUMBER = /(?:^|"\s*:|[[,])\s*-?\d/;

export function readJson(text: string): Json | undefined {
  try {
    if (!MAYBE_NUMBER.test(text)) return JSON.parse(text) as Json;
    return JSON.parse(text, keepNumbers as (name: string, value: unknown) => unknown) as Json;
  } catch {
    return undefined;
  }
}

export function toAnswer(exchange: Exchange & { readonly outcome: 'answered' }): Answer {
  const { body, headers, status } = exchange;
  return { status, headers, body, json: readJson(body) };
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

export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json);
}

export function isObject(json: Json | undefined): boolean {
  return typeof json === 'object' && json !== null && !isList(json);
}

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

/** Seconds since 1970; undefined where that is nothing or zero. */
export function unixTime(text: string | undefined): Date | undefined {
  if (text === undefined || !/^[1-9]\d{0,10}$/.test(text)) return undefined;
  return new Date(Number(text) * 1000);
}

/** `at` for a report, where it is known. */
export function happenedAt(when: Date | undefined): { readonly at?: Date } {
  return when === undefined || Number.isNaN(when.getTime()) ? {} : { at: when };
}
