import { escapeHtml, page, type Reply, readPageFiles } from '#simulators/kit';
import type { Payout, State } from './book.ts';
import type { Erp } from './erp.ts';
import { meanings, outcomes, scenarioNames } from './scenarios.ts';

const shownMax = 100;
/** The script and the style of the book's page. */
export const bookFile = readPageFiles('erp', import.meta.url);

export function bookPage(erp: Erp): Reply {
  return page({
    title: 'The book · ERP simulator',
    files: 'erp',
    attributes: `data-live="/live" data-revision="${erp.book.revision}"`,
    main: `<header><h1>The ERP’s own book</h1>
<p class="dim">The simulated ERP: what it was asked to pay, and what it paid. Its lists: <a href="/book">JSON</a>,
<a href="/book.csv">CSV</a>.</p></header>
<main><section data-part="book">${bookTable(erp)}</section>
<aside><h2>What becomes of the next</h2>
<form action="/scenarios" method="post" data-send>
<label>Scenario <select name="name">${scenarioNames
      .map((name) => `<option value="${name}">${name}: ${escapeHtml(meanings[name])}</option>`)
      .join('')}</select></label>
<label>Client <input name="client_id" placeholder="any" maxlength="200"></label>
<label>Times <input name="times" inputmode="numeric" placeholder="always"></label>
<button class="primary">Let it happen</button></form>
<div data-part="scenarios">${scenarioList(erp)}</div>
</aside></main>`,
  });
}

/** What has changed since `revision`, for the page that polls. */
export function livePage(erp: Erp, revision: string | null) {
  const now = `${erp.book.revision}.${erp.board.size}.${erp.settings.away}`;
  if (revision === now) return { revision: now };
  return { revision: now, parts: { book: bookTable(erp), scenarios: scenarioList(erp) } };
}

function bookTable(erp: Erp): string {
  const all = [...erp.book.payouts.values()];
  if (all.length === 0) return '<p class="empty">Nobody has asked for a payout yet.</p>';
  const rows = all.slice(-shownMax).reverse().map(rowOf).join('');
  const more =
    all.length > shownMax ? `<p class="dim">The last ${shownMax} of ${all.length}.</p>` : '';
  return `<table><thead><tr><th>Payout</th><th>Client</th><th class="amount">Amount</th><th>State</th>
<th>Last said</th><th></th></tr></thead><tbody>${rows}</tbody></table>${more}`;
}

function rowOf(payout: Payout): string {
  const { asked, lastStatus, order, reason, state } = payout;
  const again = asked > 1 ? ` <small>asked ${asked} times</small>` : '';
  return `<tr><td><code>${escapeHtml(order.erpId.slice(0, 12))}…</code>${again}</td><td>${escapeHtml(order.clientId)}</td>
<td class="amount">${money(order.amountMinor, order.currency)}</td><td class="${state}">${state}
${reason ? `<small>${escapeHtml(reason)}</small>` : ''}</td><td>${escapeHtml(lastStatus)}</td>
<td>${handles[state].map((act) => handle(order.erpId, act)).join('')}</td></tr>`;
}

const handles: Readonly<Record<State, readonly string[]>> = {
  received: ['pay', 'reject'],
  accepted: ['pay', 'reject'],
  paid: ['return'],
  rejected: [],
  returned: [],
};

function handle(erpId: string, act: string): string {
  return `<form action="/payouts/${encodeURIComponent(erpId)}/act" method="post" data-send>
<input type="hidden" name="act" value="${act}"><button>${act}</button></form>`;
}

function scenarioList(erp: Erp): string {
  const away = erp.settings.away ? '<li class="rejected">The ERP is away.</li>' : '';
  const items = erp.board.list().map(({ clientId, name, times }) => {
    const whom = clientId === undefined ? 'everybody' : escapeHtml(clientId);
    const kind = (outcomes as readonly string[]).includes(name)
      ? 'becomes of it'
      : 'how it is told';
    return `<li><strong>${name}</strong> <small>${kind}; ${whom}${times === undefined ? '' : `, ${times} left`}</small></li>`;
  });
  return away === '' && items.length === 0
    ? '<p class="dim">Everything is paid, and told in order.</p>'
    : `<ul>${away}${items.join('')}</ul>`;
}

/** Currencies that are not written with two digits behind the point (ISO 4217). */
const digitsOf: Readonly<Record<string, number>> = {
  ...Object.fromEntries('BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3])),
  ...Object.fromEntries(
    'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'
      .split(' ')
      .map((code) => [code, 0]),
  ),
};

function money(amountMinor: number, currency: string): string {
  const digits = digitsOf[currency] ?? 2;
  const text = String(amountMinor).padStart(digits + 1, '0');
  return `${digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`} ${escapeHtml(currency)}`;
}
