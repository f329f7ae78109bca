import { faultBehaviours, faultNames } from './faults.ts';
import type { GatewaySimulator, LineSettings } from './gateway.ts';
import { escapeHtml, page } from './html.ts';
import type { MoneyEntry } from './money-book.ts';
import type { Notice } from './notices.ts';
import { readPageFiles } from './page-files.ts';
import type { Reply } from './reply.ts';

const shownMax = 50;
export const gatewayFile = readPageFiles('gateway', import.meta.url);

/** What a person sees of a gateway: its book, what it told, and what is to go wrong. */
export function gatewayPage<Settings extends LineSettings>(
  gateway: GatewaySimulator<Settings>,
): Reply {
  const { book, clock, faults, name, notices } = gateway;
  const entries = book.last(shownMax);
  const told = notices?.all.slice(-shownMax).reverse() ?? [];
  return page({
    title: `${name} · simulator`,
    files: 'gateway',
    main: `<header><h1>The ${escapeHtml(name)} simulator</h1>
<p class="dim">Its own book of what was really debited and credited: <a href="/ledger">all</a>,
<a href="/ledger?summary=1">summed up</a>. <a href="/settings">Settings</a>, <a href="/metrics">metrics</a>.
Its time is <time>${clock.nowText()}</time>.</p></header>
<main data-live>
<section><h2>Book</h2>${entries.length === 0 ? '<p class="dim">No money has moved yet.</p>' : bookTable(entries)}</section>
${notices ? `<section><h2>Notifications</h2>${told.length === 0 ? '<p class="dim">Nothing was told yet.</p>' : noticeTable(told)}</section>` : ''}
<section><h2>What goes wrong</h2>${faultList(faults.list())}</section></main>
<aside><h2>Let something go wrong</h2>${faultForm()}</aside>`,
  });
}

function bookTable(entries: readonly MoneyEntry[]): string {
  const rows = entries.map(
    (entry) => `<tr><td>${entry.sequence}</td><td>${entry.kind}</td>
<td class="amount">${entry.amount_minor} ${escapeHtml(entry.currency)}</td><td><code>${escapeHtml(entry.reference)}</code></td>
<td>${escapeHtml(entry.account)}</td><td>${escapeHtml(entry.method)}</td><td><code>${escapeHtml(entry.operation)}</code></td>
<td>${entry.at.slice(0, 19).replace('T', ' ')}</td></tr>`,
  );
  return `<table><thead><tr><th>No</th><th></th><th class="amount">Minor units</th><th>Reference</th><th>Account</th>
<th>Method</th><th>Operation</th><th>At (UTC)</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function noticeTable(notices: readonly Notice[]): string {
  const rows = notices.map(
    ({ attempts, id, kind, lastStatus, state }) => `<tr><td>${escapeHtml(kind)}</td>
<td><code>${escapeHtml(id)}</code></td><td>${state}</td><td>${attempts}</td><td>${lastStatus ?? ''}</td>
<td><form action="/notices/${encodeURIComponent(id)}/resend" method="post"><button>Send again</button></form></td></tr>`,
  );
  return `<table><thead><tr><th>What</th><th>Id</th><th>State</th><th>Attempts</th><th>Last answer</th><th></th></tr></thead>
<tbody>${rows.join('')}</tbody></table>`;
}

function faultList(faults: ReturnType<GatewaySimulator<LineSettings>['faults']['list']>): string {
  if (faults.length === 0)
    return '<p class="dim">Nothing: every call is carried out and answered.</p>';
  const items = faults.map(({ left, name, ...narrowed }) => {
    const only = Object.entries(narrowed).map(([key, value]) => `${key} ${value}`);
    return `<li><strong>${name}</strong> ${escapeHtml(faultBehaviours[name].meaning)}
<span class="dim">${escapeHtml(only.join(', '))}${left === null ? '' : `; ${left} left`}</span></li>`;
  });
  return `<ul>${items.join('')}</ul>`;
}

function faultForm(): string {
  const options = faultNames.map(
    (name) =>
      `<option value="${name}">${name}: ${escapeHtml(faultBehaviours[name].meaning)}</option>`,
  );
  return `<form action="/faults" method="post">
<label>What <select name="name">${options.join('')}</select></label>
<label>Operation <input name="operation" placeholder="all that move money" maxlength="200"></label>
<label>Amount, minor units <input name="amount_minor" inputmode="numeric" placeholder="any"></label>
<label>Method <input name="method" placeholder="any" maxlength="200"></label>
<label>Code of a decline <input name="code" placeholder="the usual" maxlength="200"></label>
<label>Times <input name="times" inputmode="numeric" placeholder="always"></label>
<button class="primary">Let it happen</button></form>`;
}
