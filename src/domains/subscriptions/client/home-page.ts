import { type Html, html } from '#http';
import { renderChip } from '#subscriptions/pages';
import type { Holding } from './holdings.ts';
import { renderPrice, sayHolding } from './say-holding.ts';

/** All that a number has. */
export function renderHome(holdings: readonly Holding[]): Html {
  const alive = holdings.filter(({ view }) => view.alive);
  const over = holdings.filter(({ view }) => !view.alive);
  return html`<h1>Your subscriptions</h1>
${alive.length === 0 && html`<div class="card"><p>You have no subscription now. Nothing is charged to you.</p><div class="actions"><a class="button" href="/shop">See the plans</a></div></div>`}
${alive.map(renderHolding)}
${over.length > 0 && html`<h2>Ended</h2><div class="card"><ul class="list">${over.map(renderOver)}</ul></div>`}`;
}

function renderHolding(holding: Holding): Html {
  const said = sayHolding(holding);
  const { subscription } = holding.view;
  return html`<section class="card"><div class="row"><h2 class="grow">${said.title}</h2>${renderChip(...said.status)}</div>
${renderPrice(said.price)}<p>${said.next}</p>
${said.card && html`<p class="dim small">${said.card}</p>`}
<div class="actions"><a class="button" href="/me/s/${subscription}">Manage</a></div></section>`;
}

function renderOver(holding: Holding): Html {
  const said = sayHolding(holding);
  return html`<li><a class="line" href="/me/s/${holding.view.subscription}"><span>${said.title}</span><span class="dim">${said.next}</span></a></li>`;
}
