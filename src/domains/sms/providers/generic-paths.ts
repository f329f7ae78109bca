import { at, type Json, textAt } from './answer.ts';

const CODE = /^[\w.-]{1,40}$/;

/** The whole, where no path is told. */
export function atPath(json: Json | undefined, path: string | undefined): Json | undefined {
  return path === undefined ? json : at(json, ...path.split('.'));
}

export function readPath(json: Json | undefined, path: string | undefined): string | undefined {
  return path === undefined ? undefined : textAt(json, ...path.split('.'));
}

/** RFC 3339, or seconds or milliseconds since 1970. */
export function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  if (/^\d{10}$/.test(text)) return new Date(Number(text) * 1000);
  return /^\d{13}$/.test(text) ? new Date(Number(text)) : new Date(text);
}

/** A code, and no sentence: a sentence may have the text of a message in it. */
export function codeOf(text: string | undefined): string | undefined {
  return text !== undefined && CODE.test(text) ? text : undefined;
}

export function reasonOf(text: string | undefined): { readonly reason?: string } {
  const code = codeOf(text);
  return code === undefined ? {} : { reason: `generic_${code}` };
}
