import { type Html, html } from '#http';
import type { CardCase } from '#subscriptions/cards';
import { renderAmountOn, renderChip, renderFacts, sayMoney, type Tone } from '#subscriptions/pages';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { dayOf, nextCharge, renderPrice, type Said, sayHolding } from './say-holding.ts';

export interface SubscriptionView {
  readonly holding: Holding;
  /** What was said of the last thing that was asked. */
  readonly notice?: readonly [Tone, string] | undefined;
  /** For the form of an action. */
  readonly token: (action: string) => string;
}

/** One subscription: what it is, what it costs next, and all that can be done with it. */
export function renderSubscription({ holding, notice, token }: SubscriptionView): Html {
  const said = sayHolding(holding);
  return html`${renderBack('/me', 'Your subscriptions')}
<div class="row"><h1 class="grow">${said.title}</h1>${renderChip(...said.status)}</div>
${notice && html`<p class="notice ${notice[0]}" role="status">${notice[1]}</p>`}
<div class="card">${renderPrice(said.price)}<p>${said.next}</p>${holding.by === 'card' ? cardFacts(holding.one, said) : phoneFacts(said)}</div>
${holding.view.alive && (holding.by === 'card' ? cardActions(holding, token) : phoneActions(holding.view.subscription))}`;
}

function cardFacts(one: CardCase, said: Said): Html {
  const next = one.endedAt ? undefined : nextCharge(one);
  const { scheduled } = one.priced;
  const balance = one.priced.balanceMinor;
  return renderFacts([
    ['Access', said.access],
    ['Paid until', one.paidUntil && !one.endedAt ? dayOf(one, one.paidUntil) : undefined],
    ['Next charge', next && renderAmountOn(next.amount, dayOf(one, next.at))],
    [
      'Your credit',
      balance > 0n ? sayMoney(balance, one.priced.selection.price.currency) : undefined,
    ],
    ['Next plan', scheduled?.price.plan],
    ['Card', one.endedAt ? undefined : (said.card ?? 'none')],
  ]);
}

function phoneFacts(said: Said): Html {
  return renderFacts([
    ['Access', said.access],
    ['Charged to', 'your phone balance'],
  ]);
}

function cardActions(
  { one, plan, view }: Extract<Holding, { by: 'card' }>,
  token: SubscriptionView['token'],
): Html {
  const path = `/me/s/${view.subscription}`;
  const { status } = one;
  const isOwed = (status === 'grace' || status === 'hold') && one.bill?.state === 'open';
  const isQuiet = status === 'active' || status === 'trial';
  const canPause =
    status === 'active' && (plan?.pauseDaysMost ?? 0) > 0 && !one.priced.endsWithPeriod;
  const goesOn = status === 'paused' || one.priced.endsWithPeriod;
  const button = (action: string, text: string, tone = '') =>
    renderForm(`${path}/${action}`, token(action), html`<button class="${tone}">${text}</button>`);
  return html`<div class="actions">
${isOwed && one.card && !one.bill?.isUnderWay && button('repay', `Charge ${sayMoney(one.bill?.amountMinor ?? 0n, one.bill?.currency ?? '')} to my card now`, 'main')}
${status !== 'pending' && button('card', isOwed ? 'Pay with another card' : 'Use another card')}
${goesOn && button('resume', status === 'paused' ? 'Go on now' : 'Keep my subscription', 'main')}
${isQuiet && !one.priced.endsWithPeriod && html`<a class="button" href="${path}/change">Change the plan</a>`}
${canPause && html`<a class="button" href="${path}/pause">Pause</a>`}
${!(one.priced.endsWithPeriod && isQuiet) && html`<a class="button stop" href="${path}/cancel">Cancel the subscription</a>`}
</div>`;
}

function phoneActions(subscription: string): Html {
  return html`<div class="actions"><a class="button stop" href="/me/s/${subscription}/stop">Stop the subscription</a></div>`;
}

/** The confirmation of what an operator charges. */
export function renderStop(holding: Holding, token: string): Html {
  const { subscription } = holding.view;
  const said = sayHolding(holding);
  return html`${renderBack(`/me/s/${subscription}`, said.title)}<h1>Stop ${said.title}?</h1>
<div class="card"><p>It ends at once, and nothing more is charged to your phone balance for it. ${said.price} until now.</p>
${renderForm(`/me/s/${subscription}/stop`, token, html`<button class="stop">Stop the subscription</button>`)}</div>`;
}

/** The confirmation of a pause. */
export function renderPause(holding: Extract<Holding, { by: 'card' }>, token: string): Html {
  const { plan, view } = holding;
  const most = plan?.pauseDaysMost ?? 0;
  const choices = [7, 14, 30, 60, 90].filter((days) => days < most);
  return html`${renderBack(`/me/s/${view.subscription}`, view.title)}<h1>Pause ${view.title}</h1>
<div class="card"><p>Access is closed while it is paused, and nothing is charged. The days that you have paid for are kept: they go on when the pause ends.</p>
${renderForm(
  `/me/s/${view.subscription}/pause`,
  token,
  html`<label for="days">For how long</label><select id="days" name="days">${[...choices, most].map(
    (days) => html`<option value="${days}">${days} days</option>`,
  )}</select><p class="hint">You can go on earlier at any time.</p><button class="main">Pause</button>`,
)}</div>`;
}
