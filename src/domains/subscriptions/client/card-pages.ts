import { type Html, html } from '#http';
import type { SavedCardView } from '#payments';
import { renderChip, sayCard } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { sayHolding } from './say-holding.ts';

/** Cards that are kept, and what each of them pays. */
export function renderCards(
  speech: Speech,
  view: {
    readonly cards: readonly SavedCardView[];
    readonly holdings: readonly Holding[];
    readonly notice?: string | undefined;
    readonly token: (action: string, card: string) => string;
  },
): Html {
  const { say } = speech;
  const { cards, holdings, notice, token } = view;
  return html`<h1>${say('cards.title')}</h1>
${notice && html`<p class="notice ok" role="status">${notice}</p>`}
${cards.length === 0 && html`<div class="card"><p>${say('cards.none')}</p></div>`}
${cards.map((card) => {
  const path = `/me/cards/${card.card}`;
  const titles = paidBy(card, holdings).map((one) => one.view.title);
  const pays =
    titles.length > 0
      ? say('cards.pays', { titles: titles.join(', ') })
      : say('cards.pays_nothing');
  const month = card.expires?.split('-').toReversed().join('/');
  return html`<section class="card"><div class="row"><h2 class="grow">${sayCard(card)}</h2>${card.isDefault && renderChip('info', say('cards.default'))}</div>
<p class="dim small">${month && `${say('cards.expires', { month })} `}${pays}</p>
<div class="actions">${!card.isDefault && renderForm(`${path}/default`, token('default', card.card), html`<button>${say('cards.make_default')}</button>`)}<a class="button stop" href="${path}/remove" aria-label="${say('cards.remove_which', { card: sayCard(card) })}">${say('cards.remove')}</a></div></section>`;
})}
<p class="foot">${say('cards.new')}</p>`;
}

/** What stops with a card, before it is taken away. */
export function renderRemove(
  speech: Speech,
  view: {
    readonly card: SavedCardView;
    readonly next: SavedCardView | undefined;
    readonly holdings: readonly Holding[];
    readonly token: string;
  },
): Html {
  const { say } = speech;
  const { card, holdings, next, token } = view;
  const pays = paidBy(card, holdings);
  return html`${renderBack('/me/cards', say('cards.title'))}<h1>${say('cards.remove_which', { card: sayCard(card) })}</h1>
<div class="card"><p>${say('cards.remove_what')}</p>
${
  pays.length > 0 &&
  html`<p>${next ? say('cards.next_pays', { card: sayCard(next) }) : say('cards.no_next')}</p><ul>${pays.map(
    (one) => html`<li>${one.view.title}. ${sayHolding(speech, one).next}</li>`,
  )}</ul>`
}
${renderForm(`/me/cards/${card.card}/remove`, token, html`<button class="stop">${say('cards.remove_button')}</button>`)}</div>`;
}

function paidBy(card: SavedCardView, holdings: readonly Holding[]): readonly Holding[] {
  return holdings.filter(
    (one) => one.by === 'card' && one.view.alive && one.one.card?.id === card.id,
  );
}
