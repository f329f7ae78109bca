import { type Html, html } from '#http';
import { renderChip, renderPrice } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';
import type { Holding } from './holdings.ts';
import { renderPriceToAgree } from './price-notice.ts';
import { sayHolding } from './say-holding.ts';

/** All that a number has. */
export function renderHome(speech: Speech, holdings: readonly Holding[]): Html {
  const { say } = speech;
  const alive = holdings.filter(({ view }) => view.alive);
  const over = holdings.filter(({ view }) => !view.alive);
  return html`<h1>${say('home.title')}</h1>
${alive.length === 0 && html`<div class="card"><p>${say('home.none')}</p><div class="actions"><a class="button" href="/shop">${say('home.plans')}</a></div></div>`}
${alive.map((holding) => renderHolding(speech, holding))}
${over.length > 0 && html`<h2>${say('home.ended')}</h2><div class="card"><ul class="list">${over.map((holding) => renderOver(speech, holding))}</ul></div>`}`;
}

function renderHolding(speech: Speech, holding: Holding): Html {
  const said = sayHolding(speech, holding);
  const { subscription } = holding.view;
  return html`<section class="card"><div class="row"><h2 class="grow">${said.title}</h2>${renderChip(...said.status)}</div>
${renderPrice(said.amount, said.interval)}<p>${said.next}</p>
${holding.by === 'card' && renderPriceToAgree(speech, holding)}
${said.card && html`<p class="dim small">${said.card}</p>`}
<div class="actions"><a class="button" href="/me/s/${subscription}" aria-label="${speech.say('home.manage')}: ${said.title}">${speech.say('home.manage')}</a></div></section>`;
}

function renderOver(speech: Speech, holding: Holding): Html {
  const said = sayHolding(speech, holding);
  return html`<li><a class="line" href="/me/s/${holding.view.subscription}"><span>${said.title}</span><span class="dim">${said.next}</span></a></li>`;
}
