import type { FastifyReply } from 'fastify';
import { createStylesheet, type Html, html } from './html.ts';
import type { Problem } from './problem.ts';

/** A page for people, and the Content-Security-Policy it is sent with. */
export interface Page {
  readonly html: Html;
  /** Of `pagePolicy`; left out, the page may load and style nothing. */
  readonly policy?: string;
}

export interface PolicySources {
  readonly style?: readonly string[];
  readonly script?: readonly string[];
  readonly image?: readonly string[];
  readonly connect?: readonly string[];
  /** What may stand in frames of the page. */
  readonly frame?: readonly string[];
  /** Where forms may be sent, redirects after them included. `'self'` unless told otherwise. */
  readonly formAction?: readonly string[];
}

/** Make it once per kind of page and keep it: it is a string that never changes. */
export function pagePolicy(sources: PolicySources = {}): string {
  const directives: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['default-src', ["'none'"]],
    ['style-src', sources.style],
    ['script-src', sources.script],
    ['img-src', sources.image],
    ['connect-src', sources.connect],
    ['frame-src', sources.frame],
    ['form-action', sources.formAction ?? ["'self'"]],
    ['frame-ancestors', ["'none'"]],
    ['base-uri', ["'none'"]],
  ];
  return directives.flatMap(([name, from]) => (from ? [[name, ...from].join(' ')] : [])).join('; ');
}

const PLAIN_POLICY = pagePolicy();

/** Sends a page that is never cached, framed, or sniffed, and that may load only what its policy names. */
export function sendPage(reply: FastifyReply, page: Page, status = 200): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', page.policy ?? PLAIN_POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(page.html.text);
}

const errorStyle = createStylesheet(
  'body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#222}' +
    'h1{font-size:1.4rem}small{color:#666}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}',
);
const errorPolicy = pagePolicy({ style: [errorStyle.cspSource] });

/** What people see where no nicer error page was passed: what is wrong, and an id to ask about. */
export function plainErrorPage(problem: Problem): Page {
  const faults = problem.errors.map(({ field, message }) => html`<li>${field} ${message}</li>`);
  return {
    policy: errorPolicy,
    html: html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${problem.title}</title>${errorStyle.tag}</head>
<body><h1>${problem.title}</h1><p>${problem.detail}</p>${faults.length > 1 && html`<ul>${faults}</ul>`}
<p><small>${problem.status} · ${problem.instance}</small></p></body></html>`,
  };
}
