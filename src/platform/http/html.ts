import { hash } from 'node:crypto';
import { must } from '#errors';

/** Markup that is safe to send: made by `html`, or vouched for with `trustedHtml`. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** `undefined`, `null` and booleans print nothing, so that `${when && html`…`}` reads well. */
export type HtmlValue =
  | Html
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly HtmlValue[];

const SPECIAL = /[&<>"']/;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A template whose values are escaped, in text and in quoted attributes; values that are `Html` stay as they
 * are, and lists are joined. An attribute must be quoted in the template, and a URL checked by its maker:
 * escaping does not stop `javascript:`.
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = parts[0] ?? '';
  for (let index = 0; index < values.length; index += 1) {
    text += print(values[index]) + (parts[index + 1] ?? '');
  }
  return new Html(text);
}

/** For markup that people of the house wrote. Never for what came from outside. */
export function trustedHtml(text: string): Html {
  return new Html(text);
}

function print(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value === undefined || value === null || typeof value === 'boolean') return '';
  return value.map(print).join('');
}

export function escapeHtml(text: string): string {
  return SPECIAL.test(text)
    ? text.replaceAll(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter)
    : text;
}

/** What is the same on every page: its hash in the policy costs nothing, a nonce would. */
export interface Stylesheet {
  /** `<style>…</style>` for the head, or `<script>…</script>` for the end of the body. */
  readonly tag: Html;
  /** `'sha256-…'`, for `pagePolicy({ style: [sheet.cspSource] })`. */
  readonly cspSource: string;
}

export function createStylesheet(css: string): Stylesheet {
  must(!/<\/style/i.test(css), 'a stylesheet does not end its own element');
  return {
    tag: new Html(`<style>${css}</style>`),
    cspSource: `'sha256-${hash('sha256', css, 'base64')}'`,
  };
}

/** A script that is the same on every page, and so known by its hash as a stylesheet is. What differs it reads from attributes. */
export function createScript(script: string): Stylesheet {
  must(!/<\/script|<!--/i.test(script), 'a script does not end its own element');
  return {
    tag: new Html(`<script>${script}</script>`),
    cspSource: `'sha256-${hash('sha256', script, 'base64')}'`,
  };
}
