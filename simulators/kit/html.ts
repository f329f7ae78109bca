import type { Reply } from './reply.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

const linkPattern = /https?:\/\/[^\s<>"']+/g;

/** Escapes a text; its web addresses become links. Only http and https: never `javascript:`. */
export function linkify(text: string): string {
  let html = '';
  let position = 0;
  for (const { 0: found, index } of text.matchAll(linkPattern)) {
    // The full stop that ends the sentence is not a part of the address.
    const address = found.replace(/[.,;:!?)\]]+$/, '');
    html += escapeHtml(text.slice(position, index));
    html += `<a href="${escapeHtml(address)}" target="_blank" rel="noopener noreferrer">${escapeHtml(address)}</a>`;
    position = index + address.length;
  }
  return html + escapeHtml(text.slice(position));
}

const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
};

export interface Page {
  readonly status?: number;
  readonly title: string;
  readonly main: string;
  /** `/{files}.css` and `/{files}.js` are its style and its script. */
  readonly files: string;
  /** Of `body`, as HTML. */
  readonly attributes?: string;
}

export function page({ attributes = '', files, main, status = 200, title }: Page): Reply {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/${files}.css">
<script src="/${files}.js" defer></script>
</head>
<body${attributes === '' ? '' : ` ${attributes}`}>
${main}
</body>
</html>
`;
  return { status, type: 'text/html; charset=utf-8', body, headers: pageHeaders };
}
