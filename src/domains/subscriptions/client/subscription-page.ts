import { type Html, html } from '#http';
import { type CardCase, laterOf } from '#subscriptions/cards';
import {
  renderAmountOn,
  renderChip,
  renderFacts,
  renderPrice,
  type Tone,
} from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { renderPriceToAgree } from './price-notice.ts';
import { moveToAgree } from './price-offer.ts';
import { dayOf, nextCharge, type Said, sayHolding, ZONE } from './say-holding.ts';

type ByCard = Extract<Holding, { readonly by: 'card' }>;
type ByPhone = Extract<Holding, { readonly by: 'phone' }>;

export interface SubscriptionView {
  readonly holding: Holding;
  /** What the next plan is called, where there is one. */
  readonly nextPlan?: string | undefined;
  /** By phone, until a card is entered for a switch that waits for it: until when. */
  readonly cardWaitedFor?: Date | undefined;
  /** What was said of the last thing that was asked. */
  readonly notice?: readonly [Tone, string] | undefined;
  /** For the form of an action. */
  readonly token: (action: string) => string;
}

/** One subscription: what it is, what it costs next, and all that can be done with it. */
export function renderSubscription(speech: Speech, view: SubscriptionView): Html {
  const { holding, notice, token } = view;
  const said = sayHolding(speech, holding);
  const facts =
    holding.by === 'card'
      ? cardFacts(speech, { one: holding.one, said, nextPlan: view.nextPlan })
      : phoneFacts(speech, said);
  const actions =
    holding.by === 'card'
      ? cardActions(speech, holding, token)
      : phoneActions(speech, holding, view);
  return html`${renderBack('/me', speech.say('home.title'))}
<div class="row"><h1 class="grow">${said.title}</h1>${renderChip(...said.status)}</div>
${notice && html`<p class="notice ${notice[0]}" role="status">${notice[1]}</p>`}
${holding.by === 'card' && renderPriceToAgree(speech, holding)}
<div class="card">${renderPrice(said.amount, said.interval)}<p>${said.next}</p>${facts}</div>
${holding.view.alive && actions}`;
}

function cardFacts(
  speech: Speech,
  about: { readonly one: CardCase; readonly said: Said; readonly nextPlan: string | undefined },
): Html {
  const { nextPlan, one, said } = about;
  const { say } = speech;
  const next = one.endedAt ? undefined : nextCharge(speech, one);
  const balance = one.priced.balanceMinor;
  const { currency } = one.priced.selection.price;
  return renderFacts([
    [say('fact.access'), said.access],
    [
      say('fact.paid_until'),
      one.paidUntil && !one.endedAt ? dayOf(speech, one, one.paidUntil) : undefined,
    ],
    [
      say('fact.next_charge'),
      next && renderAmountOn(speech, next.amount, dayOf(speech, one, next.at)),
    ],
    [say('fact.credit'), balance > 0n ? speech.money(balance, currency) : undefined],
    [say('fact.next_plan'), nextPlan],
    [say('fact.new_price'), newPriceOf(speech, one)],
    [say('fact.card'), one.endedAt ? undefined : (said.card ?? say('fact.no_card'))],
  ]);
}

/** A newer price that is sure to come; one that needs a yes has a place of its own. */
function newPriceOf(speech: Speech, one: CardCase): Html | undefined {
  const { endedAt, move, priced } = one;
  if (!move || endedAt || priced.endsWithPeriod || moveToAgree(one)) return undefined;
  const { amountMinor, currency, from } = laterOf(one, move);
  const amount = `${speech.money(amountMinor, currency)} ${speech.interval(move.price.interval)}`;
  return renderAmountOn(speech, amount, dayOf(speech, one, from));
}

function phoneFacts({ say }: Speech, said: Said): Html {
  return renderFacts([
    [say('fact.access'), said.access],
    [say('fact.charged_to'), say('fact.phone_balance')],
  ]);
}

function cardActions(
  speech: Speech,
  { one, plan, view }: ByCard,
  token: SubscriptionView['token'],
): Html {
  const { say } = speech;
  const path = `/me/s/${view.subscription}`;
  const { bill, status } = one;
  const isOwed = (status === 'grace' || status === 'hold') && bill?.state === 'open';
  const isQuiet = status === 'active' || status === 'trial';
  const canPause =
    status === 'active' && (plan?.pauseDaysMost ?? 0) > 0 && !one.priced.endsWithPeriod;
  const hasPhone =
    (isQuiet || isOwed) && plan?.methods.includes('phone') === true && !one.priced.endsWithPeriod;
  const goesOn = status === 'paused' || one.priced.endsWithPeriod;
  const button = (action: string, text: string, tone = '') =>
    renderForm(`${path}/${action}`, token(action), html`<button class="${tone}">${text}</button>`);
  return html`<div class="actions">
${isOwed && one.card && !bill.isUnderWay && button('repay', say('do.repay', { amount: speech.money(bill.amountMinor, bill.currency) }), 'main')}
${status !== 'pending' && button('card', isOwed ? say('do.pay_with_another') : say('do.use_another'))}
${goesOn && button('resume', status === 'paused' ? say('do.go_on') : say('do.keep'), 'main')}
${isQuiet && !one.priced.endsWithPeriod && html`<a class="button" href="${path}/change">${say('do.change')}</a>`}
${hasPhone && html`<a class="button" href="${path}/switch">${say('do.pay_by_phone')}</a>`}
${canPause && html`<a class="button" href="${path}/pause">${say('do.pause')}</a>`}
${!(one.priced.endsWithPeriod && isQuiet) && html`<a class="button stop" href="${path}/cancel">${say('do.cancel')}</a>`}
</div>`;
}

function phoneActions(
  speech: Speech,
  { plan, view }: ByPhone,
  { cardWaitedFor, token }: Pick<SubscriptionView, 'cardWaitedFor' | 'token'>,
): Html {
  const { say } = speech;
  const path = `/me/s/${view.subscription}`;
  const canSwitch = plan?.methods.includes('phone') === true && view.status !== 'pending';
  const waits =
    cardWaitedFor !== undefined &&
    html`<p class="dim small">${say('switch.waits', { moment: speech.moment(cardWaitedFor, ZONE) })}</p>
${renderForm(`${path}/card`, token('card'), html`<button class="main">${say('card_link.enter')}</button>`)}`;
  return html`<div class="actions">${waits || (canSwitch && html`<a class="button" href="${path}/switch">${say('do.pay_by_card')}</a>`)}
<a class="button stop" href="${path}/stop">${say('do.stop')}</a></div>`;
}

/** The confirmation of what an operator charges. */
export function renderStop(speech: Speech, holding: Holding, token: string): Html {
  const { say } = speech;
  const { subscription } = holding.view;
  const said = sayHolding(speech, holding);
  const price = `${said.amount} ${said.interval}`;
  return html`${renderBack(`/me/s/${subscription}`, said.title)}<h1>${say('stop.title', { title: said.title })}</h1>
<div class="card"><p>${say('stop.what')} ${say('stop.price', { price })}</p>
${renderForm(`/me/s/${subscription}/stop`, token, html`<button class="stop">${say('do.stop')}</button>`)}</div>`;
}

const PAUSES_DAYS = [7, 14, 30, 60, 90];

/** The confirmation of a pause. */
export function renderPause(
  speech: Speech,
  holding: Extract<Holding, { by: 'card' }>,
  token: string,
): Html {
  const { say } = speech;
  const { plan, view } = holding;
  const most = plan?.pauseDaysMost ?? 0;
  const choices = [...PAUSES_DAYS.filter((days) => days < most), most];
  return html`${renderBack(`/me/s/${view.subscription}`, view.title)}<h1>${say('pause.title', { title: view.title })}</h1>
<div class="card"><p>${say('pause.what')}</p>
${renderForm(
  `/me/s/${view.subscription}/pause`,
  token,
  html`<label for="days">${say('pause.how_long')}</label><select id="days" name="days">${choices.map(
    (days) => html`<option value="${days}">${speech.days(days)}</option>`,
  )}</select><p class="hint">${say('pause.earlier')}</p><button class="main">${say('do.pause')}</button>`,
)}</div>`;
}
