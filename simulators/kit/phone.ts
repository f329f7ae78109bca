import { escapeHtml, linkify, page } from './html.ts';
import { readPageFiles } from './page-files.ts';
import type { Reply } from './reply.ts';

/** `phone.css` and `phone.js`, which every page of phones is made of. */
export const phoneFile = readPageFiles('phone', import.meta.url);

export function phonePage(content: {
  readonly status?: number;
  readonly title: string;
  readonly main: string;
}): Reply {
  return page({ ...content, files: 'phone' });
}

/** A message: `in` came to the phone, `out` was written on it. What stands in the foot is HTML already. */
export function bubble(direction: 'in' | 'out', text: string, foot: readonly string[]): string {
  return `<article class="bubble ${direction}"><p dir="auto">${linkify(text)}</p><footer>${foot.join(' · ')}</footer></article>`;
}

/** Day and second, in UTC, of an ISO 8601 time. */
export function timeTag(at: string): string {
  return `<time datetime="${at}" title="${at}">${at.slice(5, 10)} ${at.slice(11, 19)}</time>`;
}

/** One button for each text, which sends it to `to` without typing. */
export function quickForms(action: string, to: string, texts: readonly string[]): string {
  const receiver = escapeHtml(to);
  const forms = texts.map(
    (
      text,
    ) => `<form action="${action}" method="post" data-send><input type="hidden" name="text" value="${text}">
<input type="hidden" name="to" value="${receiver}"><button>${text}</button></form>`,
  );
  const label = to === '' ? 'Quick messages' : `Quick messages to ${receiver}`;
  return `<div class="quick" role="group" aria-label="${label}">${forms.join('')}</div>`;
}

/** Whose phone? What was typed wrong stands there again, and says so. */
export function numberForm(action: string, value: string, isWrong: boolean): string {
  const marks = isWrong ? ' aria-invalid="true" aria-describedby="problem"' : '';
  const problem = isWrong
    ? '<p class="problem" id="problem" role="alert">A phone number is 5 to 15 digits.</p>'
    : '';
  return `<form action="${action}" method="get" class="row">
<label for="msisdn">Phone number</label>
<input id="msisdn" name="msisdn" inputmode="tel" autocomplete="off" required value="${escapeHtml(value)}"${marks}>
<button class="primary">Open</button>
</form>
${problem}`;
}

/** A `Problem` as a page; `chooser` is where another phone is chosen. */
export function problemPage(
  { message, status }: { readonly status: number; readonly message: string },
  { chooser, title }: { readonly chooser: string; readonly title: string },
): Reply {
  return phonePage({
    status,
    title,
    main: `<main class="chooser"><h1>It did not work</h1>
<p class="problem" role="alert">${escapeHtml(message)}.</p>
<p><a href="${chooser}">Choose a phone</a></p></main>`,
  });
}
