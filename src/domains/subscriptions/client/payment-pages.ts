import { type Html, html } from '#http';
import type { PaymentFacts, PaymentReport } from '#payments';
import {
  renderChip,
  renderFacts,
  sayDay,
  sayMoment,
  sayMoney,
  type Tone,
} from '#subscriptions/pages';
import { renderBack } from './frame.ts';
import type { BillLine } from './store.ts';

const LOCALE = 'en';
const ZONE = 'UTC';

const STATES: Readonly<Record<string, readonly [Tone, string]>> = {
  accepted: ['ok', 'Paid'],
  authorized: ['info', 'Reserved'],
  declined: ['bad', 'Declined'],
  failed: ['bad', 'Failed'],
  conflicted: ['warn', 'Being looked at'],
  uncollectible: ['idle', 'Given up'],
};

function stateOf({ kind, state }: Pick<PaymentFacts, 'kind' | 'state'>): readonly [Tone, string] {
  if (kind === 'refund' && state === 'accepted') return ['ok', 'Given back'];
  return STATES[state] ?? ['info', 'Under way'];
}

/** What was charged and given back, the newest first. */
export function renderPayments(page: {
  readonly payments: readonly PaymentFacts[];
  readonly next: string | undefined;
  readonly titleOf: (payment: PaymentFacts) => string;
}): Html {
  const { next, payments, titleOf } = page;
  return html`<h1>Payments</h1>
${
  payments.length === 0
    ? html`<div class="card"><p>Nothing has been charged to you.</p></div>`
    : html`<div class="card"><ul class="list">${payments.map(
        (
          payment,
        ) => html`<li><a class="line" href="/me/payments/${payment.payment}"><span>${titleOf(payment)}</span>${renderAmount(payment)}</a>
<div class="line"><span class="dim small">${sayMoment(payment.createdAt, ZONE, LOCALE)} UTC</span>${renderChip(...stateOf(payment))}</div></li>`,
      )}</ul></div>`
}
${next && html`<a class="button" href="/me/payments?before=${next}">Older ones</a>`}`;
}

function renderAmount({ amountMinor, currency, kind, state }: PaymentFacts): Html {
  const amount = sayMoney(amountMinor, currency);
  return kind === 'refund' && state === 'accepted'
    ? html`<b class="back-money">+${amount}</b>`
    : html`<b>${amount}</b>`;
}

/** A receipt's data: what was paid, for what, and what of it went back. */
export function renderPayment(view: {
  readonly report: PaymentReport;
  readonly title: string;
  readonly lines: readonly BillLine[];
  readonly titles: ReadonlyMap<string, string>;
}): Html {
  const { lines, report, title, titles } = view;
  const { currency } = report;
  const money = (amountMinor: bigint) => sayMoney(amountMinor, currency);
  const tax = lines.reduce((sum, line) => sum + line.tax_minor, 0n);
  return html`${renderBack('/me/payments', 'Payments')}
<div class="row"><h1 class="grow">${report.kind === 'refund' ? 'Refund' : 'Payment'}</h1>${renderChip(...stateOf(report))}</div>
<div class="card">${
    lines.length > 0 &&
    report.kind === 'charge' &&
    renderFacts(lines.map((line) => [sayBilled(line, titles), money(line.amount_minor)]))
  }${renderFacts(
    [
      ['For', title],
      ['Date', `${sayMoment(report.createdAt, ZONE, LOCALE)} UTC`],
      ['Number', html`<span class="small">${report.payment}</span>`],
      ['Of which tax', tax > 0n && report.kind === 'charge' ? money(tax) : undefined],
      ['Given back', report.refundedMinor > 0n ? money(report.refundedMinor) : undefined],
      ['Why', report.refundReason],
    ],
    ['Amount', money(report.amountMinor)],
  )}</div>
${
  report.refunds.length > 0 &&
  html`<h2>Given back</h2><div class="card"><ul class="list">${report.refunds.map(
    (
      refund,
    ) => html`<li><div class="line"><span>${sayMoment(refund.createdAt, ZONE, LOCALE)} UTC</span>${renderAmount(refund)}</div>
<div class="line"><span class="dim small">${refund.refundReason}</span>${renderChip(...stateOf(refund))}</div></li>`,
  )}</ul></div>`
}
${report.refundOf && html`<p class="small"><a href="/me/payments/${report.refundOf}">The payment that it is given back of</a></p>`}`;
}

function sayBilled(line: BillLine, titles: ReadonlyMap<string, string>): Html {
  const name = titles.get(line.plan) ?? line.plan;
  const [from, until] = [line.from_at, line.until_at].map((at) => sayDay(at, ZONE, LOCALE));
  const span = html`<small>${from} – ${until}</small>`;
  if (line.kind === 'credit') return html`Unused: ${name}${span}`;
  if (line.kind === 'setup_fee') return html`${name}, set-up`;
  return html`${name}${line.quantity > 1 && ` × ${line.quantity}`}${span}`;
}
