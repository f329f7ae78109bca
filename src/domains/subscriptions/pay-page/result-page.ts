import { html, type Page } from '#http';
import { renderAmountOn, renderFacts, renderNotice, type Tone } from '#subscriptions/pages';
import type { Reader, Speech } from '#subscriptions/speech';
import type { PaymentStanding } from './look.ts';
import { inWords } from './words.ts';

/** What a payment has come to, as its holder is told. */
export type Standing = 'open' | 'working' | 'paid' | 'late' | 'differs' | 'closed';

export interface ResultView {
  readonly standing: PaymentStanding;
  readonly path: string;
  /** Where the person came from. */
  readonly returnUrl: string;
  /** How often this page has looked already. */
  readonly looks: number;
}

const OVER = new Set(['cancelled', 'expired', 'purged']);

/** What a payment has come to, by what is stored, and by nothing that a browser has said. */
export function standingOf({ isCardPage, state, status }: PaymentStanding): Standing {
  switch (state) {
    case 'presented':
      return 'open';
    case 'accepted':
      if (OVER.has(status)) return 'late';
      return status === 'pending' && !isCardPage ? 'working' : 'paid';
    case 'conflicted':
      return 'differs';
    case 'declined':
    case 'failed':
    case 'withdrawn':
    case 'expired':
    case 'uncollectible':
      return 'closed';
    default:
      return 'working';
  }
}

/** Quick at first, then patient; a page that was forgotten in a tab stops looking. */
const QUICK_LOOKS = 15;
const MOST_LOOKS = 60;

const TONES: Readonly<Record<Standing, Tone>> = {
  ...{ open: 'info', working: 'info', paid: 'ok', late: 'warn', differs: 'warn', closed: 'idle' },
};

/** Tells what came of it; as long as nothing has, it looks again by itself. */
export function renderResultPage(reader: Reader, view: ResultView): Page {
  const { looks, path, returnUrl, standing } = view;
  const { speech } = reader;
  const { say } = speech;
  const said = standingOf(standing);
  const isCardSaved = said === 'paid' && standing.isCardPage;
  const isWaiting = (said === 'open' || said === 'working') && looks < MOST_LOOKS;
  const isSettled = said !== 'open' && said !== 'working';
  return renderNotice({
    ...{ reader, tone: TONES[said] },
    title: say(isCardSaved ? 'result.card_saved' : `result.${said}.title`),
    body: html`${said === 'paid' && paidFacts(speech, standing)}<p>${say(isCardSaved ? 'result.card_saved_text' : `result.${said}.text`)}</p><div class="actions">${
      said === 'open' &&
      html`<a class="button main" href="${path}">${say('result.pay_or_again')}</a>`
    }${said === 'paid' && html`<a class="button main" href="/me">${say('nav.yours')}</a>`}${
      isSettled && html`<a class="button" href="${returnUrl}">${say('result.back')}</a>`
    }</div>${isWaiting && html`<p class="dim small" role="status">${say('result.looks_again')}</p>`}`,
    ...(isWaiting
      ? {
          refresh: {
            seconds: looks < QUICK_LOOKS ? 2 : 10,
            to: `${path}/result?look=${looks + 1}`,
          },
        }
      : {}),
  });
}

function paidFacts(speech: Speech, { isCardPage, purchase }: PaymentStanding) {
  const { say } = speech;
  const { cardIsTried, timeZone, title, trialUntil } = purchase;
  const { amount, next } = inWords(speech, purchase);
  return renderFacts([
    [say('result.subscription'), title],
    [
      say(cardIsTried ? 'result.checked' : 'result.paid'),
      cardIsTried ? html`${amount}<small>${say('result.goes_back')}</small>` : amount,
    ],
    [say('result.free_until'), trialUntil && speech.day(trialUntil, timeZone)],
    [
      say('pay.next_charge'),
      isCardPage ? undefined : next && renderAmountOn(speech, next.amount, next.day),
    ],
  ]);
}

/** No gateway can be reached. */
export function renderUnavailable(reader: Reader, path: string): Page {
  const { say } = reader.speech;
  return renderNotice({
    ...{ reader, tone: 'warn', title: say('result.away') },
    body: html`<p>${say('result.away_text')}</p>
<div class="actions"><a class="button main" href="${path}">${say('result.again')}</a></div>`,
  });
}

/** A link that names no payment, or says something else of it than is true. */
export function renderUnknownPayment(reader: Reader): Page {
  const { say } = reader.speech;
  return renderNotice({
    ...{ reader, tone: 'idle', title: say('result.unknown') },
    body: html`<p>${say('result.unknown_text')}</p>
<div class="actions"><a class="button" href="/me">${say('nav.yours')}</a></div>`,
  });
}
