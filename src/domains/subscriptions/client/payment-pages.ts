import { type Html, html } from '#http';
import type { PaymentFacts } from '#payments';
import { renderChip, type Tone } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';

/** What a payment is for. */
export interface Subject {
  /** Of its subscription; undefined where that is none of what its holder is shown. */
  readonly title: string | undefined;
  /** Nothing was bought: a card was tried. */
  readonly isCardCheck: boolean;
  /** Of the calendar that its subscription lives by. */
  readonly timeZone: string;
}

const TONES: Readonly<Record<string, Tone>> = {
  ...{ accepted: 'ok', authorized: 'info', declined: 'bad', failed: 'bad' },
  ...{ conflicted: 'warn', uncollectible: 'idle' },
};

/** What has come of a payment. */
export function renderState(speech: Speech, { kind, state }: PaymentFacts): Html {
  const text =
    kind === 'refund' && state === 'accepted'
      ? speech.say('paid.back')
      : speech.sayWord('paid', state, 'paid.under_way');
  return renderChip(TONES[state] ?? 'info', text);
}

/** What a payment is for, in a line. */
export function saySubject({ say }: Speech, kind: PaymentFacts['kind'], subject: Subject): string {
  const title =
    subject.title ?? say(kind === 'refund' ? 'payments.of_yours' : 'payments.subscription');
  const what = subject.isCardCheck ? say('payments.card_checked', { title }) : title;
  return kind === 'refund' ? say('payments.given_back', { title: what }) : what;
}

/** What was charged and given back, the newest first. */
export function renderPayments(
  speech: Speech,
  page: {
    readonly payments: readonly PaymentFacts[];
    readonly next: string | undefined;
    readonly subjectOf: (payment: PaymentFacts) => Subject;
  },
): Html {
  const { say } = speech;
  const { next, payments, subjectOf } = page;
  if (payments.length === 0)
    return html`<h1>${say('payments.title')}</h1><div class="card"><p>${say('payments.none')}</p></div>`;
  return html`<h1>${say('payments.title')}</h1>
<div class="card"><ul class="list">${payments.map((payment) =>
    renderLine(speech, payment, subjectOf(payment)),
  )}</ul></div>
${next && html`<a class="button" href="/me/payments?before=${next}">${say('payments.older')}</a>`}`;
}

function renderLine(speech: Speech, payment: PaymentFacts, subject: Subject): Html {
  const at = speech.moment(payment.createdAt, subject.timeZone);
  return html`<li><a class="line" href="/me/payments/${payment.payment}"><span>${saySubject(speech, payment.kind, subject)}</span>${renderAmount(speech, payment)}</a>
<div class="line"><span class="dim small">${at}</span>${renderState(speech, payment)}</div></li>`;
}

/** What came back stands out. */
export function renderAmount(speech: Speech, payment: PaymentFacts): Html {
  const amount = speech.money(payment.amountMinor, payment.currency);
  return payment.kind === 'refund' && payment.state === 'accepted'
    ? html`<b class="back-money">+${amount}</b>`
    : html`<b>${amount}</b>`;
}
