import { type Html, html } from '#http';
import { laterOf } from '#subscriptions/cards';
import type { Speech } from '#subscriptions/speech';
import type { Holding } from './holdings.ts';
import { moveToAgree } from './price-offer.ts';
import { dayOf } from './say-holding.ts';

/** Nobody looks for it among his facts: a price that waits for a yes stands by itself until it is answered. */
export function renderPriceToAgree(
  speech: Speech,
  { one, view }: Extract<Holding, { readonly by: 'card' }>,
): Html | false {
  const move = moveToAgree(one);
  if (!move) return false;
  const { amountMinor, currency, from } = laterOf(one, move);
  const price = `${speech.money(amountMinor, currency)} ${speech.interval(move.price.interval)}`;
  const text = speech.say('price.waits', { day: dayOf(speech, one, from), price });
  return html`<p class="notice">${text} <a href="/me/s/${view.subscription}/price">${speech.say('do.see_price')}</a></p>`;
}
