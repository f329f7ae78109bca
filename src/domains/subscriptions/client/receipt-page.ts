import { type Html, html } from '#http';
import type { FiscalView, PaymentReport } from '#payments';
import { renderFacts, sayCard } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';
import { renderBack } from './frame.ts';
import { renderAmount, renderState, type Subject, saySubject } from './payment-pages.ts';
import type { BillLine } from './store.ts';

export interface ReceiptView {
  readonly report: PaymentReport;
  readonly subject: Subject;
  /** What was billed; none where nothing was bought. */
  readonly lines: readonly BillLine[];
  /** Of plans by their codes. */
  readonly titles: ReadonlyMap<string, string>;
}

export function receiptTitle({ say }: Speech, { kind }: Pick<PaymentReport, 'kind'>): string {
  return say(kind === 'refund' ? 'receipt.refund' : 'receipt.payment');
}

/** What was paid, for what, when and by which card, and what of it went back: a page that can be printed. */
export function renderReceipt(speech: Speech, view: ReceiptView): Html {
  const { say } = speech;
  const { report, subject } = view;
  return html`${renderBack('/me/payments', say('payments.title'))}
<div class="row"><h1 class="grow">${receiptTitle(speech, report)}</h1>${renderState(speech, report)}</div>
<div class="card">${report.kind === 'charge' && renderLines(speech, view)}${renderFactsOf(speech, view)}</div>
${report.fiscal.map((one) => renderFiscal(speech, one, subject.timeZone))}
${report.refunds.length > 0 && renderRefunds(speech, view)}
${report.refundOf && html`<p class="small"><a href="/me/payments/${report.refundOf}">${say('receipt.of_payment')}</a></p>`}
<p class="foot screen">${say('receipt.print')}</p>`;
}

function renderLines(
  speech: Speech,
  { lines, report, subject, titles }: ReceiptView,
): Html | false {
  if (lines.length === 0) return false;
  return renderFacts(
    lines.map((line) => [
      sayBilled(speech, { line, titles, timeZone: subject.timeZone }),
      speech.money(line.amount_minor, report.currency),
    ]),
  );
}

function renderFactsOf(speech: Speech, { lines, report, subject }: ReceiptView): Html {
  const { say } = speech;
  const money = (amountMinor: bigint) => speech.money(amountMinor, report.currency);
  const { amountMinor, refundedMinor } = report;
  const isCharge = report.kind === 'charge';
  return renderFacts(
    [
      [say('receipt.for'), saySubject(speech, report.kind, subject)],
      [say('receipt.date'), renderMoment(speech, report.createdAt, subject.timeZone)],
      [say('receipt.card'), report.card && sayCard(report.card)],
      [say('receipt.number'), html`<span class="small">${report.payment}</span>`],
      ...(isCharge ? taxesOf(speech, lines).map(([name, tax]) => [name, money(tax)] as const) : []),
      [say('receipt.given_back'), refundedMinor > 0n ? money(refundedMinor) : undefined],
      [say('receipt.left'), refundedMinor > 0n ? money(amountMinor - refundedMinor) : undefined],
      [say('receipt.why'), sayWhy(speech, report.refundReason)],
    ],
    [say('receipt.amount'), money(amountMinor)],
  );
}

function renderMoment(speech: Speech, at: Date, timeZone: string): Html {
  return html`${speech.day(at, timeZone)}<small>${speech.time(at, timeZone)}</small>`;
}

/** What of it is tax, a line for each: `vat22` is told by its rate. */
function taxesOf(
  { say }: Speech,
  lines: readonly BillLine[],
): readonly (readonly [string, bigint])[] {
  const sums = new Map<string, bigint>();
  for (const { tax_minor: tax, tax_name: name } of lines)
    sums.set(name, (sums.get(name) ?? 0n) + tax);
  return [...sums].flatMap(([name, tax]) => {
    const rate = Number(/^vat(\d{1,2})$/.exec(name)?.[1]);
    if (tax <= 0n) return [];
    return [[rate > 0 ? say('receipt.vat', { rate }) : say('receipt.tax'), tax] as const];
  });
}

/** What the till has registered, and the receipt itself where its gateway has told where it is. */
function renderFiscal(speech: Speech, fiscal: FiscalView, timeZone: string): Html {
  const { say } = speech;
  return html`<h2>${say('fiscal.title')}</h2><div class="card">${renderFacts([
    [say('fiscal.document'), fiscal.document],
    [say('fiscal.sign'), fiscal.sign],
    [say('fiscal.storage'), fiscal.device],
    [say('fiscal.at'), renderMoment(speech, fiscal.at, timeZone)],
  ])}${fiscal.url && html`<div class="actions"><a class="button" rel="noreferrer" href="${fiscal.url}">${say('fiscal.open')}</a></div>`}</div>`;
}

function renderRefunds(speech: Speech, { report, subject }: ReceiptView): Html {
  return html`<h2>${speech.say('receipt.refunds')}</h2><div class="card"><ul class="list">${report.refunds.map(
    (
      refund,
    ) => html`<li><a class="line" href="/me/payments/${refund.payment}"><span>${speech.moment(refund.createdAt, subject.timeZone)}</span>${renderAmount(speech, refund)}</a>
<div class="line"><span class="dim small">${sayWhy(speech, refund.refundReason)}</span>${renderState(speech, refund)}</div></li>`,
  )}</ul></div>`;
}

/** Reasons of our own, each by its text. What a person has written is told to nobody but people of the house. */
const REASONS: Readonly<Record<string, string>> = {
  'unused part of the period': 'unused',
  'the card was only tried': 'card_tried',
  'nothing was owed any more': 'not_owed',
  not_paid_in_time: 'late',
  surplus: 'twice',
  ...{ outside: 'outside', dispute: 'dispute', after_stop: 'stopped' },
};

function sayWhy(speech: Speech, reason: string | undefined): string | undefined {
  const known = reason === undefined ? undefined : REASONS[reason];
  return known === undefined ? undefined : speech.sayWord('because', known, 'because.not_owed');
}

function sayBilled(
  speech: Speech,
  of: {
    readonly line: BillLine;
    readonly titles: ReadonlyMap<string, string>;
    readonly timeZone: string;
  },
): Html {
  const { line, timeZone, titles } = of;
  const title = titles.get(line.plan) ?? line.plan;
  const [from, until] = [speech.day(line.from_at, timeZone), speech.day(line.until_at, timeZone)];
  const span = html`<small>${speech.say('receipt.span', { from, until })}</small>`;
  if (line.kind === 'credit') return html`${speech.say('line.unused', { title })}${span}`;
  if (line.kind === 'setup_fee') return html`${speech.say('line.setup', { title })}`;
  return html`${title}${line.quantity > 1 && ` × ${line.quantity}`}${span}`;
}
