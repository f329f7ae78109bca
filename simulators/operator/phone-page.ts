import {
  bubble,
  escapeHtml,
  json,
  phonePage,
  quickForms,
  type Reply,
  timeTag,
} from '#simulators/kit';
import { formatMoney } from './money.ts';
import type { Operator } from './operator.ts';
import { describeEnding } from './phone-chooser.ts';
import type { Credit, Customer, Debit, Message } from './store.ts';

const messagesShown = 200;
const entriesShown = 50;
const topUpsMinor = [5_000, 10_000] as const;
const quickTexts = ['STOP', 'HELP'] as const;

/** A customer's phone. Works without JavaScript; with it, the three live parts renew themselves. */
export function customerPage(operator: Operator, msisdn: string): Reply {
  const customer = operator.store.customer(msisdn);
  const { shortCode } = operator.settings;
  const parts = liveParts(operator, customer);
  const main = `<div class="phone with-book" data-live="/sim/${msisdn}/live" data-revision="${customer.revision}">
<header>
<a class="back" href="/sim" aria-label="Choose another phone">‹</a>
<div><h1>+${msisdn}</h1><p class="dim">${escapeHtml(ending(operator, msisdn))}</p></div>
<div class="balance" data-part="balance" role="status">${parts.balance}</div>
</header>
<main>
<section class="conversation" aria-label="Messages">
<div class="messages" data-part="messages" role="log" tabindex="0" aria-label="Conversation">${parts.messages}</div>
${composer(msisdn, shortCode)}
</section>
<aside>
${topUpForm(msisdn)}
<section class="book" aria-labelledby="book"><h2 id="book">The operator’s book</h2>
<div data-part="debits" tabindex="0" role="region" aria-label="Debits and credits">${parts.debits}</div>
</section>
</aside>
</main>
</div>`;
  return phonePage({ title: `+${msisdn} · mobilink simulator`, main });
}

/** What the page's script asks for each second; the parts are left out while nothing changed. */
export function livePhone(operator: Operator, msisdn: string, seen: string | null): Reply {
  const customer = operator.store.customer(msisdn);
  const { revision } = customer;
  // A smaller revision than the one seen is a change too: the operator has been reset.
  const isSeen = seen === String(revision);
  const live = isSeen ? { revision } : { revision, parts: liveParts(operator, customer) };
  return json(200, live, { 'cache-control': 'no-store' });
}

function liveParts(operator: Operator, customer: Customer) {
  const { currency } = operator.settings;
  return {
    balance: `<span class="dim">Balance</span> <strong>${formatMoney(customer.balanceMinor, currency)}</strong>`,
    messages: conversation(customer.messages.slice(-messagesShown)),
    debits: bookTable(customer),
  };
}

function ending(operator: Operator, msisdn: string): string {
  const digits = msisdn.slice(-2);
  return `…${digits}: ${describeEnding(digits, operator.settings.currency)}`;
}

function conversation(messages: readonly Message[]): string {
  if (messages.length === 0) return '<p class="empty">No messages yet.</p>';
  return messages.map(messageBubble).join('');
}

function messageBubble({ direction, from, to, text, at }: Message): string {
  const isReceived = direction === 'mt';
  const who = isReceived ? `From ${escapeHtml(from)}` : `To ${escapeHtml(to)}`;
  return bubble(isReceived ? 'in' : 'out', text, [who, timeTag(at)]);
}

/** Debits and credits in one list, the newest first. */
function bookTable({ credits, debits }: Customer): string {
  if (debits.length + credits.length === 0) return '<p class="empty">Nothing has been debited.</p>';
  const lines = [
    ...debits.slice(-entriesShown).map((entry) => ({ entry, sign: -1 })),
    ...credits.slice(-entriesShown).map((entry) => ({ entry, sign: 1 })),
  ];
  // At the same moment the debit was first: nothing is given back before it was taken.
  const shown = lines
    .sort((left, right) => left.entry.at.localeCompare(right.entry.at))
    .slice(-entriesShown)
    .reverse();
  const left = debits.length + credits.length - shown.length;
  const more = left > 0 ? `<p class="dim">and ${left} earlier ones</p>` : '';
  return `<table><thead><tr><th scope="col">When (UTC)</th><th scope="col">Transaction</th><th scope="col" class="amount">Amount</th></tr></thead>
<tbody>${shown.map(bookRow).join('')}</tbody></table>${more}`;
}

function bookRow({ entry, sign }: { readonly entry: Debit | Credit; readonly sign: number }) {
  const external = entry.externalData === '' ? '' : `<br>${escapeHtml(entry.externalData)}`;
  const amount = formatMoney(sign * entry.amountMinor, entry.currency);
  return `<tr><td>${timeTag(entry.at)}</td><td><code>${entry.transactionId}</code><small>${external}</small></td><td class="amount">${sign > 0 ? `+${amount}` : amount}</td></tr>`;
}

function composer(msisdn: string, shortCode: string): string {
  const action = `/customers/${msisdn}/mo`;
  const code = escapeHtml(shortCode);
  return `${quickForms(action, shortCode, quickTexts)}
<form class="composer" action="${action}" method="post" data-send>
<div><label for="to">To</label><input id="to" name="to" inputmode="tel" required maxlength="15" value="${code}"></div>
<div class="grow"><label for="text">Message</label><input id="text" name="text" required maxlength="2000" autocomplete="off"></div>
<button class="primary">Send</button>
</form>`;
}

function topUpForm(msisdn: string): string {
  const buttons = topUpsMinor.map(
    (amount) => `<button name="amount_minor" value="${amount}">+${amount / 100}</button>`,
  );
  return `<section><h2 id="topup">Top up</h2>
<form class="row" action="/customers/${msisdn}/topup" method="post" data-send aria-labelledby="topup">${buttons.join('')}</form></section>`;
}
