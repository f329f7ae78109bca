import { type Html, html } from '#http';
import type { SavedCardView } from '#payments';
import { renderChip, sayCard } from '#subscriptions/pages';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { sayHolding } from './say-holding.ts';

/** Cards that are kept, and what each of them pays. */
export function renderCards(view: {
  readonly cards: readonly SavedCardView[];
  readonly holdings: readonly Holding[];
  readonly notice?: string | undefined;
  readonly token: (action: string, card: string) => string;
}): Html {
  const { cards, holdings, notice, token } = view;
  return html`<h1>Cards</h1>
${notice && html`<p class="notice ok" role="status">${notice}</p>`}
${cards.length === 0 && html`<div class="card"><p>No card of yours is kept here.</p></div>`}
${cards.map((card) => {
  const path = `/me/cards/${card.card}`;
  const pays = paidBy(card, holdings).map((one) => sayHolding(one).title);
  return html`<section class="card"><div class="row"><h2 class="grow">${sayCard(card)}</h2>${card.isDefault && renderChip('info', 'Default')}</div>
<p class="dim small">${card.expires && `Good until ${card.expires.split('-').toReversed().join('/')}. `}${pays.length > 0 ? `Pays ${pays.join(', ')}.` : 'Pays nothing now.'}</p>
<div class="actions">${!card.isDefault && renderForm(`${path}/default`, token('default', card.card), html`<button>Use for everything</button>`)}<a class="button stop" href="${path}/remove">Remove</a></div></section>`;
})}
<p class="foot">A new card is entered on the page of the subscription that it is to pay.</p>`;
}

/** What stops with a card, before it is taken away. */
export function renderRemove(view: {
  readonly card: SavedCardView;
  readonly next: SavedCardView | undefined;
  readonly holdings: readonly Holding[];
  readonly token: string;
}): Html {
  const { card, holdings, next, token } = view;
  const pays = paidBy(card, holdings);
  return html`${renderBack('/me/cards', 'Cards')}<h1>Remove ${sayCard(card)}?</h1>
<div class="card"><p>It is never charged again, and what was planned on it is called off.</p>
${
  pays.length > 0 &&
  html`<p>${next ? `${sayCard(next)} pays from now on:` : 'You have no other card. We ask you for one before the next charge; without it these end:'}</p><ul>${pays.map(
    (one) => html`<li>${sayHolding(one).title}. ${sayHolding(one).next}</li>`,
  )}</ul>`
}
${renderForm(`/me/cards/${card.card}/remove`, token, html`<button class="stop">Remove this card</button>`)}</div>`;
}

function paidBy(card: SavedCardView, holdings: readonly Holding[]): readonly Holding[] {
  return holdings.filter(
    (one) => one.by === 'card' && one.view.alive && one.one.card?.id === card.id,
  );
}
