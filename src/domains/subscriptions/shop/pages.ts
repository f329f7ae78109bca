import { type Html, html, type Page } from '#http';
import type { Plan } from '#subscriptions/cards';
import { renderFrame, renderPrice } from '#subscriptions/pages';
import type { Reader, Speech } from '#subscriptions/speech';

function renderBar({ say }: Speech): Html {
  return html`<div class="bar"><div><nav aria-label="${say('shop.nav')}"><a href="/shop" aria-current="page">${say('shop.plans')}</a><a href="/me">${say('nav.yours')}</a></nav></div></div>`;
}

/** All plans on sale. */
export function renderShelf(reader: Reader, plans: readonly Plan[]): Page {
  const { speech } = reader;
  const { say } = speech;
  return renderFrame({
    ...{ reader, title: say('shop.plans'), bar: renderBar(speech), wide: true },
    body: html`<h1>${say('shop.title')}</h1><p class="lead">${say('shop.lead')}</p>
${plans.length === 0 && html`<div class="card"><p>${say('shop.none')}</p></div>`}
<div class="plans">${plans.map((plan) => renderPlan(speech, plan))}</div>`,
  });
}

function renderPlan(speech: Speech, plan: Plan): Html {
  const { say } = speech;
  const { code, title, trialDays, pauseDaysMost } = plan;
  const choose = trialDays > 0 ? say('shop.try') : say('shop.choose');
  return html`<section class="card"><h2>${title}</h2>${renderPlanPrice(speech, plan)}
<ul>${trialDays > 0 && html`<li>${say('shop.trial', { count: trialDays })}</li>`}<li>${say('shop.renews')}</li>${pauseDaysMost > 0 && html`<li>${say('shop.pause', { count: pauseDaysMost })}</li>`}</ul>
<form method="get" action="/shop/${encodeURIComponent(code)}"><button class="main" aria-label="${choose}: ${title}">${choose}</button></form></section>`;
}

function renderPlanPrice(speech: Speech, { price }: Plan): Html {
  const amount = speech.money(price.unitPriceMinor, price.currency);
  return renderPrice(amount, speech.interval(price.interval));
}

export interface BuyerFaults {
  readonly number?: string;
  readonly email?: string;
}

export interface BuyerView {
  readonly plan: Plan;
  readonly typed?: { readonly number: string; readonly email: string };
  readonly faults?: BuyerFaults;
}

/** Who buys: where to write to. */
export function renderBuyer(reader: Reader, { faults = {}, plan, typed }: BuyerView): Page {
  const { speech } = reader;
  const { say } = speech;
  const { email, number } = faults;
  return renderFrame({
    ...{ reader, title: plan.title, bar: renderBar(speech) },
    body: html`<a class="back" href="/shop">← ${say('shop.plans')}</a><h1>${plan.title}</h1>
<form class="card" method="post" action="/shop/${encodeURIComponent(plan.code)}">${renderPlanPrice(speech, plan)}
<p class="hint">${say('shop.before')}</p>
<label for="number">${say('shop.number')}</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" value="${typed?.number}" aria-describedby="${number ? 'number-fault' : 'number-hint'}"${number && html` aria-invalid="true"`}>
${number && html`<p class="fault" id="number-fault" role="alert">${number}</p>`}<p class="hint" id="number-hint">${say('shop.number_hint')}</p>
<label for="email">${say('shop.email')}</label>
<input id="email" name="email" type="email" autocomplete="email" maxlength="254" value="${typed?.email}"${email && html` aria-invalid="true" aria-describedby="email-fault"`}>
${email && html`<p class="fault" id="email-fault" role="alert">${email}</p>`}<p class="hint"></p>
<button class="main">${say('shop.go_on')}</button></form>`,
  });
}
