import { html, type Page, type Problem } from '#http';
import type { PlainKey, Reader } from '#subscriptions/speech';
import { renderNotice, type Tone } from './page-frame.ts';

type Said = readonly [tone: Tone, title: PlainKey, text: PlainKey];

const NOT_FOUND: Said = ['idle', 'error.not_found', 'error.not_found_text'];
const TOO_FAST: Said = ['warn', 'error.too_fast', 'error.too_fast_text'];
const FORM: Said = ['warn', 'error.form', 'error.form_text'];
const FORM_OLD: Said = ['warn', 'error.form_old', 'error.form_old_text'];
const AWAY: Said = ['warn', 'error.away', 'error.away_text'];
const BROKEN: Said = ['bad', 'error.broken', 'error.broken_text'];

const BY_CODE: Readonly<Record<string, Said>> = {
  ...{ token_expired: FORM_OLD, token_invalid: FORM_OLD, form_of_another_page: FORM_OLD },
  pay_link_invalid: ['idle', 'error.link_bad', 'error.link_bad_text'],
  link_used: ['idle', 'error.link_used', 'error.link_used_text'],
};

/** Any error on a page of a customer's. What is said within is for programs and the log: here it is said in his words. */
export function renderCustomerProblem({ code, instance, status }: Problem, reader: Reader): Page {
  const { say } = reader.speech;
  const [tone, title, text] = (Object.hasOwn(BY_CODE, code) && BY_CODE[code]) || byStatus(status);
  return renderNotice({
    ...{ reader, tone, title: say(title) },
    body: html`<p>${say(text)}</p><div class="actions"><a class="button" href="/me">${say('error.home')}</a></div>
<p class="foot">${say('error.number', { number: `${status} · ${instance}` })}</p>`,
  });
}

function byStatus(status: number): Said {
  if (status === 404 || status === 405) return NOT_FOUND;
  if (status === 429) return TOO_FAST;
  if (status < 500) return FORM;
  return status === 503 ? AWAY : BROKEN;
}
