import { html, type Page } from '#http';
import type { Plan } from '#subscriptions/cards';
import { renderFrame, sayInterval, sayMoney } from '#subscriptions/pages';
import type { BuyerFaults } from './http.ts';

const LOCALE = 'en';
const bar = html`<div class="bar"><div><nav aria-label="Shop"><a href="/shop" aria-current="page">Plans</a><a href="/me">Your subscriptions</a></nav></div></div>`;

/** All plans on sale. */
export function renderShelf(plans: readonly Plan[]): Page {
  return renderFrame({
    ...{ title: 'Plans', locale: LOCALE, bar, wide: true },
    body: html`<h1>Choose your plan</h1><p class="lead">Pay by card. Cancel at any time, without giving a reason.</p>
${plans.length === 0 && html`<div class="card"><p>Nothing is on sale here yet.</p></div>`}
<div class="plans">${plans.map(renderPlan)}</div>`,
  });
}

function renderPlan(plan: Plan) {
  const { code, title, trialDays, pauseDaysMost } = plan;
  return html`<section class="card"><h2>${title}</h2>${renderPlanPrice(plan)}
<ul>${trialDays > 0 && html`<li>${trialDays} days free</li>`}<li>Renews by itself until you cancel</li>${pauseDaysMost > 0 && html`<li>Can be paused for up to ${pauseDaysMost} days</li>`}</ul>
<form method="get" action="/shop/${encodeURIComponent(code)}"><button class="main">${trialDays > 0 ? 'Try it for free' : 'Choose'}</button></form></section>`;
}

function renderPlanPrice({ price }: Plan) {
  return html`<p class="price">${sayMoney(price.unitPriceMinor, price.currency)} <small>${sayInterval(price.interval)}</small></p>`;
}

export interface BuyerView {
  readonly plan: Plan;
  readonly typed?: { readonly number: string; readonly email: string };
  readonly faults?: BuyerFaults;
}

/** Who buys: where to write to. */
export function renderBuyer({ faults = {}, plan, typed }: BuyerView): Page {
  const { email, number } = faults;
  return renderFrame({
    ...{ title: plan.title, locale: LOCALE, bar },
    body: html`<a class="back" href="/shop">← Plans</a><h1>${plan.title}</h1>
<form class="card" method="post" action="/shop/${encodeURIComponent(plan.code)}">${renderPlanPrice(plan)}
<p class="hint">You see everything that you agree to before you pay.</p>
<label for="number">Your mobile number</label>
<input id="number" name="number" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32" value="${typed?.number}" aria-describedby="${number ? 'number-fault' : 'number-hint'}"${number && html` aria-invalid="true"`}>
${number && html`<p class="fault" id="number-fault" role="alert">${number}</p>`}<p class="hint" id="number-hint">To manage or end your subscription, and for messages about charges.</p>
<label for="email">E-mail for receipts, if you like</label>
<input id="email" name="email" type="email" autocomplete="email" maxlength="254" value="${typed?.email}"${email && html` aria-invalid="true" aria-describedby="email-fault"`}>
${email && html`<p class="fault" id="email-fault" role="alert">${email}</p>`}<p class="hint"></p>
<button class="main">Go on</button></form>`,
  });
}
