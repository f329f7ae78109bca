import type { Exchange } from '#exchange';
import { type Json, readJson } from '#json';

export {
  at,
  entryOf,
  isList,
  isObject,
  type Json,
  listAt,
  readJson,
  textAt,
} from '#json';

/** What a provider answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Undefined where the body is no JSON. */
  readonly json: Json | undefined;
}

export function toAnswer(exchange: Exchange & { readonly outcome: 'answered' }): Answer {
  const { body, headers, status } = exchange;
  return { status, headers, body, json: readJson(body) };
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
