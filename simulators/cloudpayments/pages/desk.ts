import {
  type Acquirer,
  behaviours,
  formatAmount,
  type Notification,
  reasonName,
  scenarioNames,
  summarise,
  type Transaction,
} from '#simulators/cloudpayments/acquirer';
import { escapeHtml, page, type Reply, readPageFiles } from '#simulators/kit';

const shownMax = 60;
/** The script and the style of the operator's page. */
export const deskFile = readPageFiles('desk', import.meta.url);

/** What the gateway has done, what it tells merchants, and what is to happen next. */
export function deskPage(acquirer: Acquirer, search: string): Reply {
  const query = search === '' ? '' : `?q=${encodeURIComponent(search)}`;
  return page({
    title: 'CloudPayments simulator',
    files: 'desk',
    attributes: `data-live="/live${escapeHtml(query)}" data-revision="${revisionOf(acquirer)}"`,
    main: `<header><div><h1>CloudPayments simulator</h1><p class="dim" data-part="sums">${sums(acquirer)}</p></div>
<form class="search" action="/" method="get" role="search"><label class="hidden" for="q">Search</label>
<input id="q" name="q" type="search" value="${escapeHtml(search)}" placeholder="Order, account, transaction, last four"><button>Search</button></form></header>
<main><div><section aria-label="Transactions"><h2>Transactions</h2><div data-part="transactions">${transactionTable(acquirer, search)}</div></section>
<section aria-label="Notifications"><h2>Notifications</h2><div data-part="notifications">${notificationTable(acquirer, search)}</div></section></div>
<aside>${clockForms(acquirer)}${scenarioForm()}<div data-part="scenarios">${scenarioList(acquirer)}</div>
<p class="dim links"><a href="/ledger">Ledger</a> <a href="/ledger?summary=1">Sums</a> <a href="/control/sites">Terminals</a> <a href="/control/settings">Settings</a> <a href="/metrics">Counts</a></p></aside></main>`,
  });
}

/** What has changed since `revision`, for the page that polls. */
export function liveDesk(acquirer: Acquirer, search: string, revision: string | null) {
  const now = revisionOf(acquirer);
  if (revision === now) return { revision: now };
  return {
    revision: now,
    parts: {
      ...{ sums: sums(acquirer), clock: clockText(acquirer), scenarios: scenarioList(acquirer) },
      transactions: transactionTable(acquirer, search),
      notifications: notificationTable(acquirer, search),
    },
  };
}

function revisionOf({ board, store }: Acquirer): string {
  return `${store.revision}.${board.size}`;
}

function sums({ store }: Acquirer): string {
  const { chargedBackMinor, debitedMinor, debits, refundedMinor, wrong } = summarise(store.entries);
  const parts = [
    `${debits} payments, ${formatAmount(debitedMinor)} taken`,
    ...(refundedMinor > 0 ? [`${formatAmount(refundedMinor)} refunded`] : []),
    ...(chargedBackMinor > 0 ? [`${formatAmount(chargedBackMinor)} charged back`] : []),
    ...(wrong.length > 0
      ? [`<strong class="bad">${wrong.length} orders taken twice</strong>`]
      : []),
  ];
  return parts.join(' · ');
}

/** The newest first. */
function newest<Record>(
  records: ReadonlyMap<number, Record>,
  isWanted: (record: Record) => boolean,
): readonly Record[] {
  const found: Record[] = [];
  for (const record of [...records.values()].reverse()) {
    if (found.length === shownMax) break;
    if (isWanted(record)) found.push(record);
  }
  return found;
}

function transactionTable({ store }: Acquirer, search: string): string {
  const found = newest(store.transactions, (each) => isFound(each, search));
  if (found.length === 0) return '<p class="empty">No transaction here yet.</p>';
  const rows = found.map((each) => transactionRow(each)).join('');
  return `<table><thead><tr><th>Transaction</th><th>Order</th><th class="amount">Amount</th><th>State</th><th class="wide">Card</th><th></th></tr></thead><tbody>${rows}</tbody></table>`;
}

function isFound({ accountId, card, id, invoiceId, originalId }: Transaction, search: string) {
  const texts = [String(id), String(originalId), invoiceId, accountId, card.lastFour];
  return search === '' || texts.some((text) => text?.includes(search));
}

function transactionRow(transaction: Transaction): string {
  const { accountId, amountMinor, card, currency, id, invoiceId, status, type } = transaction;
  const isPaid = type === 'Payment' && status === 'Completed';
  const action = isPaid
    ? `<form action="/control/chargebacks" method="post" data-send><input type="hidden" name="transactionId" value="${id}"><button>Charge back</button></form>`
    : '';
  return `<tr><td><a href="/transactions/${id}">${id}</a><small>${timeOf(transaction.createdMs)}</small></td>
<td>${escapeHtml(invoiceId ?? '–')}<small>${escapeHtml(accountId ?? 'nobody')}</small></td>
<td class="amount">${type === 'Refund' ? '−' : ''}${formatAmount(amountMinor)} ${escapeHtml(currency)}</td>
<td class="${stateClass(transaction)}">${type === 'Refund' ? 'Refund' : status}<small>${detailOf(transaction)}</small></td>
<td class="wide">${card.type} ${card.lastFour}<small>${transaction.token === null ? 'entered' : 'kept'}</small></td><td>${action}</td></tr>`;
}

function stateClass({ status, type }: Transaction): string {
  if (status === 'Declined') return 'bad';
  return status === 'Completed' && type === 'Payment' ? 'good' : 'other';
}

function detailOf({ originalId, reasonCode, refundedMinor }: Transaction): string {
  if (reasonCode !== 0) return `${reasonCode} ${reasonName(reasonCode)}`;
  if (originalId !== null) return `of ${originalId}`;
  return refundedMinor > 0 ? `${formatAmount(refundedMinor)} given back` : '';
}

function notificationTable({ store }: Acquirer, search: string): string {
  const isWanted = ({ fields, id, invoiceId, transactionId }: Notification) =>
    search === '' ||
    [String(id), String(transactionId), invoiceId, fields.AccountId, fields.CardLastFour].some(
      (text) => text?.includes(search),
    );
  const found = newest(store.notifications, isWanted);
  if (found.length === 0) return '<p class="empty">Nothing has been told to a merchant yet.</p>';
  const rows = found.map((each) => notificationRow(each)).join('');
  return `<table><thead><tr><th>Kind</th><th>About</th><th>State</th><th class="wide">Said</th><th></th></tr></thead><tbody>${rows}</tbody></table>`;
}

function notificationRow(notification: Notification): string {
  const { attempts, id, invoiceId, lastAnswer, nextMs, state, transactionId, type } = notification;
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  const next = state === 'waiting' ? `, next ${timeOf(nextMs)}` : '';
  const kind = state === 'delivered' ? 'good' : state === 'waiting' ? 'other' : 'bad';
  return `<tr><td>${type}<small>${timeOf(notification.createdMs)}</small></td><td>${transactionId ?? ''}<small>${escapeHtml(invoiceId ?? '')}</small></td>
<td class="${kind}">${state}<small>${times}${next}</small></td><td class="wide"><small>${escapeHtml(lastAnswer.slice(0, 80))}</small></td>
<td><form action="/control/notifications/${id}/resend" method="post" data-send><button>Resend</button></form></td></tr>`;
}

const steps = [
  [3_600_000, '+1 hour'],
  [86_400_000, '+1 day'],
  [7 * 86_400_000, '+7 days'],
] as const;

function clockForms(acquirer: Acquirer): string {
  const forms = steps.map(
    ([ms, text]) =>
      `<form action="/control/clock" method="post" data-send><input type="hidden" name="advanceMs" value="${ms}"><button>${text}</button></form>`,
  );
  return `<h2>Its clock</h2><p data-part="clock">${clockText(acquirer)}</p><div class="row">${forms.join('')}</div>`;
}

function clockText({ clock }: Acquirer): string {
  return `${new Date(clock.now()).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function scenarioForm(): string {
  const options = scenarioNames.map(
    (name) => `<option value="${name}">${name}: ${behaviours[name].meaning}</option>`,
  );
  return `<h2>What happens next</h2><form class="stack" action="/control/scenarios" method="post" data-send>
<label>Scenario <select name="name">${options.join('')}</select></label>
<div class="row"><label>Order <input name="invoiceId" placeholder="any" maxlength="200"></label>
<label>Reason code <input name="code" inputmode="numeric" placeholder="5051"></label>
<label>Times <input name="times" inputmode="numeric" value="1"></label></div>
<button class="primary">Let it happen</button><p class="bad" data-problem role="alert" hidden></p></form>`;
}

function scenarioList({ board }: Acquirer): string {
  const items = board.list().map(({ invoiceId, left, name }) => {
    const whom = invoiceId === undefined ? 'any order' : escapeHtml(invoiceId);
    return `<li><strong>${name}</strong> <small>${whom}, ${left === null ? 'always' : `${left} left`}</small></li>`;
  });
  if (items.length === 0) return '<p class="dim">The card decides, and every call is answered.</p>';
  return `<ul>${items.slice(0, shownMax).join('')}</ul><button data-clear="/control/scenarios">Nothing special any more</button>`;
}

function timeOf(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `<time datetime="${iso}" title="${iso}">${iso.slice(5, 10)} ${iso.slice(11, 19)}</time>`;
}
