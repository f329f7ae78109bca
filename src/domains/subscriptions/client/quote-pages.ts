import { type Html, html } from '#http';
import type { CardCase, Plan } from '#subscriptions/cards';
import { renderAmountOn, renderFacts, sayInterval, sayMoney } from '#subscriptions/pages';
import type { Quote, QuoteLine, QuoteResult } from '#subscriptions/pricing';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { sayRefusedQuote } from './outcomes.ts';
import { dayOf } from './say-holding.ts';

type ByCard = Extract<Holding, { by: 'card' }>;

/** Two ends to choose from, each with what it costs or gives back; the price of each stands in its form. */
export function renderCancel(view: {
  readonly holding: ByCard;
  readonly atEnd: QuoteResult;
  readonly now: QuoteResult;
  readonly token: (action: string, quote: QuoteResult) => string;
}): Html {
  const { atEnd, holding, now, token } = view;
  const { one } = holding;
  const path = `/me/s/${holding.view.subscription}`;
  const owes = one.status === 'grace' || one.status === 'hold' || one.status === 'pending';
  return html`${renderBack(path, holding.view.title)}<h1>Cancel ${holding.view.title}</h1>
<p class="lead">Nothing more is charged after it. Choose when it ends.</p>
${
  !owes &&
  atEnd.outcome === 'quoted' &&
  html`<div class="card"><h2>On ${dayOf(one, atEnd.quote.takesEffectAt)}</h2><p>You keep what you have paid for until then. You can change your mind until that day.</p>
${renderForm(`${path}/cancel`, token('cancel', atEnd), html`<input type="hidden" name="when" value="period_end"><button>Cancel on ${dayOf(one, atEnd.quote.takesEffectAt)}</button>`)}</div>`
}
${
  now.outcome === 'quoted' &&
  html`<div class="card"><h2>Now</h2>${renderUnused(now.quote, owes)}
${renderForm(`${path}/cancel`, token('cancel-now', now), html`<input type="hidden" name="when" value="now"><button class="stop">Cancel now</button>`)}</div>`
}`;
}

function renderUnused({ currency, refunds, totalMinor }: Quote, owes: boolean): Html {
  const back = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  if (owes || totalMinor === 0n)
    return html`<p>Access closes at once. Nothing is given back${owes && ', and what is owed is no longer asked for'}.</p>`;
  return html`<p>Access closes at once, and the part that you have not used goes back to your card.</p>${renderFacts(
    [['Back to your card', sayMoney(back, currency)]],
  )}`;
}

/** Plans to change to. */
export function renderPlans(holding: ByCard, plans: readonly Plan[]): Html {
  const path = `/me/s/${holding.view.subscription}`;
  const current = holding.one.priced.selection.price;
  const others = plans.filter(
    ({ code, open, price }) => open && code !== current.plan && price.currency === current.currency,
  );
  return html`${renderBack(path, holding.view.title)}<h1>Change the plan</h1>
<p class="lead">You see what it costs before anything changes.</p>
${others.length === 0 && html`<div class="card"><p>There is no other plan now.</p></div>`}
${others.map(
  ({
    code,
    price,
    title,
  }) => html`<div class="card"><div class="row"><h2 class="grow">${title}</h2></div>
<p class="price">${sayMoney(price.unitPriceMinor, price.currency)} <small>${sayInterval(price.interval)}</small></p>
<div class="actions"><a class="button" href="${path}/change/${encodeURIComponent(code)}">See what it costs</a></div></div>`,
)}`;
}

/** What a change costs, line by line, and the button that agrees to exactly that. */
export function renderChange(view: {
  readonly holding: ByCard;
  readonly target: Plan;
  readonly result: QuoteResult;
  readonly token: string;
}): Html {
  const { holding, result, target, token } = view;
  const path = `/me/s/${holding.view.subscription}`;
  return html`${renderBack(`${path}/change`, 'Plans')}<h1>Change to ${target.title}</h1>
${result.outcome === 'refused' ? html`<div class="card"><p>${sayRefusedQuote(result.reason)}</p></div>` : renderQuoted(result.quote, { holding, target, token, path })}`;
}

function renderQuoted(
  quote: Quote,
  about: {
    readonly holding: ByCard;
    readonly target: Plan;
    readonly token: string;
    readonly path: string;
  },
): Html {
  const { holding, path, target, token } = about;
  const { one } = holding;
  const money = (amountMinor: bigint) => sayMoney(amountMinor, quote.currency);
  const isLater = quote.takesEffectAt > quote.at;
  const { creditMinor, dueMinor, next } = quote;
  const button =
    dueMinor > 0n
      ? `Change and pay ${money(dueMinor)}`
      : isLater
        ? `Change on ${dayOf(one, quote.takesEffectAt)}`
        : 'Change now';
  return html`<div class="card">${
    quote.lines.length > 0 &&
    renderFacts(
      quote.lines.map((line) => [
        sayLine(line, { one, target, title: holding.view.title }),
        money(line.amountMinor),
      ]),
    )
  }${renderFacts(
    [
      ['From', isLater ? dayOf(one, quote.takesEffectAt) : 'now'],
      ['Kept as your credit', creditMinor > 0n ? money(creditMinor) : undefined],
      ['Next charge', next && renderAmountOn(money(next.dueMinor), dayOf(one, next.at))],
    ],
    ['To pay now', money(dueMinor)],
  )}${renderForm(`${path}/change/${encodeURIComponent(target.code)}`, token, html`<button class="main">${button}</button>`)}</div>
<p class="foot">This price holds for 15 minutes.${dueMinor > 0n && ' Nothing changes before it is paid.'}</p>`;
}

function sayLine(
  { from, kind, plan, until }: QuoteLine,
  about: { readonly one: CardCase; readonly target: Plan; readonly title: string },
): Html {
  const span = html`<small>${dayOf(about.one, from)} – ${dayOf(about.one, until)}</small>`;
  const name = plan === about.target.code ? about.target.title : about.title;
  switch (kind) {
    case 'credit':
      return html`Unused: ${name}${span}`;
    case 'setup_fee':
      return html`${name}, set-up`;
    case 'trial':
      return html`${name}, free trial${span}`;
    case 'plan':
      return html`${name}${span}`;
  }
}
