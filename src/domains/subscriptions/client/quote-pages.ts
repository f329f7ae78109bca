import { type Html, html } from '#http';
import type { CardCase, Plan } from '#subscriptions/cards';
import { renderAmountOn, renderFacts, renderPrice } from '#subscriptions/pages';
import type { Quote, QuoteLine, QuoteResult } from '#subscriptions/pricing';
import type { Speech } from '#subscriptions/speech';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { sayRefusedQuote } from './outcomes.ts';
import { dayOf } from './say-holding.ts';

type ByCard = Extract<Holding, { by: 'card' }>;

/** Two ends to choose from, each with what it costs or gives back; the price of each stands in its form. */
export function renderCancel(
  speech: Speech,
  view: {
    readonly holding: ByCard;
    readonly atEnd: QuoteResult;
    readonly now: QuoteResult;
    readonly token: (action: string, quote: QuoteResult) => string;
  },
): Html {
  const { say } = speech;
  const { atEnd, holding, now, token } = view;
  const { one } = holding;
  const { subscription, title } = holding.view;
  const path = `/me/s/${subscription}`;
  const owes = one.status === 'grace' || one.status === 'hold' || one.status === 'pending';
  const day = atEnd.outcome === 'quoted' ? dayOf(speech, one, atEnd.quote.takesEffectAt) : '';
  return html`${renderBack(path, title)}<h1>${say('cancel.title', { title })}</h1>
<p class="lead">${say('cancel.lead')}</p>
${
  !owes &&
  atEnd.outcome === 'quoted' &&
  html`<div class="card"><h2>${say('cancel.on', { day })}</h2><p>${say('cancel.on_what')}</p>
${renderForm(`${path}/cancel`, token('cancel', atEnd), html`<input type="hidden" name="when" value="period_end"><button>${say('cancel.on_button', { day })}</button>`)}</div>`
}
${
  now.outcome === 'quoted' &&
  html`<div class="card"><h2>${say('cancel.now')}</h2>${renderUnused(speech, now.quote, owes)}
${renderForm(`${path}/cancel`, token('cancel-now', now), html`<input type="hidden" name="when" value="now"><button class="stop">${say('cancel.now_button')}</button>`)}</div>`
}`;
}

function renderUnused(speech: Speech, quote: Quote, owes: boolean): Html {
  const { say } = speech;
  const { currency, refunds, totalMinor } = quote;
  const back = refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  if (owes) return html`<p>${say('cancel.now_owed')}</p>`;
  if (totalMinor === 0n) return html`<p>${say('cancel.now_nothing')}</p>`;
  return html`<p>${say('cancel.now_unused')}</p>${renderFacts([
    [say('cancel.back_to_card'), speech.money(back, currency)],
  ])}`;
}

/** Plans to change to. */
export function renderPlans(speech: Speech, holding: ByCard, plans: readonly Plan[]): Html {
  const { say } = speech;
  const path = `/me/s/${holding.view.subscription}`;
  const current = holding.one.priced.selection.price;
  const others = plans.filter(
    ({ code, open, price }) => open && code !== current.plan && price.currency === current.currency,
  );
  return html`${renderBack(path, holding.view.title)}<h1>${say('change.title')}</h1>
<p class="lead">${say('change.lead')}</p>
${others.length === 0 && html`<div class="card"><p>${say('change.none')}</p></div>`}
${others.map(
  ({
    code,
    price,
    title,
  }) => html`<div class="card"><div class="row"><h2 class="grow">${title}</h2></div>
${renderPrice(speech.money(price.unitPriceMinor, price.currency), speech.interval(price.interval))}
<div class="actions"><a class="button" href="${path}/change/${encodeURIComponent(code)}" aria-label="${say('change.see')}: ${title}">${say('change.see')}</a></div></div>`,
)}`;
}

/** What a change costs, line by line, and the button that agrees to exactly that. */
export function renderChange(
  speech: Speech,
  view: {
    readonly holding: ByCard;
    readonly target: Plan;
    readonly result: QuoteResult;
    readonly token: string;
  },
): Html {
  const { holding, result, target, token } = view;
  const path = `/me/s/${holding.view.subscription}`;
  const { title } = target;
  return html`${renderBack(`${path}/change`, speech.say('change.plans'))}<h1>${speech.say('change.to', { title })}</h1>
${result.outcome === 'refused' ? html`<div class="card"><p>${sayRefusedQuote(speech, result.reason)}</p></div>` : renderQuoted(speech, result.quote, { holding, target, token, path })}`;
}

function renderQuoted(
  speech: Speech,
  quote: Quote,
  about: {
    readonly holding: ByCard;
    readonly target: Plan;
    readonly token: string;
    readonly path: string;
  },
): Html {
  const { say } = speech;
  const { holding, path, target, token } = about;
  const { one } = holding;
  const money = (amountMinor: bigint) => speech.money(amountMinor, quote.currency);
  const isLater = quote.takesEffectAt > quote.at;
  const day = dayOf(speech, one, quote.takesEffectAt);
  const { creditMinor, dueMinor, next } = quote;
  const later = isLater ? say('change.on', { day }) : say('change.now');
  const button = dueMinor > 0n ? say('change.and_pay', { amount: money(dueMinor) }) : later;
  return html`<div class="card">${
    quote.lines.length > 0 &&
    renderFacts(
      quote.lines.map((line) => [
        sayLine(speech, line, { one, target, title: holding.view.title }),
        money(line.amountMinor),
      ]),
    )
  }${renderFacts(
    [
      [say('change.from'), isLater ? day : say('change.from_now')],
      [say('change.credit'), creditMinor > 0n ? money(creditMinor) : undefined],
      [
        say('fact.next_charge'),
        next && renderAmountOn(speech, money(next.dueMinor), dayOf(speech, one, next.at)),
      ],
    ],
    [say('change.due'), money(dueMinor)],
  )}${renderForm(`${path}/change/${encodeURIComponent(target.code)}`, token, html`<button class="main">${button}</button>`)}</div>
<p class="foot">${say(dueMinor > 0n ? 'change.gated' : 'change.holds')}</p>`;
}

function sayLine(
  speech: Speech,
  { from, kind, plan, until }: QuoteLine,
  about: { readonly one: CardCase; readonly target: Plan; readonly title: string },
): Html {
  const { one, target } = about;
  const span = html`<small>${speech.say('receipt.span', {
    from: dayOf(speech, one, from),
    until: dayOf(speech, one, until),
  })}</small>`;
  const title = plan === target.code ? target.title : about.title;
  switch (kind) {
    case 'credit':
      return html`${speech.say('line.unused', { title })}${span}`;
    case 'setup_fee':
      return html`${speech.say('line.setup', { title })}`;
    case 'trial':
      return html`${speech.say('line.trial', { title })}${span}`;
    case 'plan':
      return html`${title}${span}`;
  }
}
