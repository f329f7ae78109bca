import type { Database } from '#database';
import { apiRoute, type HttpApp, idempotentRoute, MsisdnText, Type } from '#http';
import type { SavedCardView } from '#payments';
import type { NumberPlan } from '#phone';
import type { CardSubscriptions } from '#subscriptions/cards/create-cards';
import { CardParams, CardShape, readNumber } from './http-shapes.ts';

export interface SavedCardRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly database: Database;
  readonly plans: () => readonly NumberPlan[];
}

const REMOVED_BY_API = 'asked through the API';

/** `/v1/customers/{msisdn}/cards`. */
export function registerSavedCardRoutes(app: HttpApp, options: SavedCardRoutesOptions): void {
  const { cards, database, plans } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/customers/:msisdn/cards', scope: 'cards:read', tag: 'cards' },
    summary: 'The cards that a customer has left',
    schema: {
      params: Type.Object({ msisdn: MsisdnText }),
      response: Type.Object({ items: Type.Array(CardShape) }),
    },
    handler: async ({ params }) => {
      const found = await cards.cards(database.pool, readNumber(params.msisdn, plans()));
      return { items: found.map(toApi) };
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/customers/:msisdn/cards/:card/default', scope: 'cards:write', tag: 'cards' },
    summary: 'Charge this card from now on',
    description: 'What is owed is tried with it at once.',
    schema: { params: CardParams, response: Type.Object({ card: Type.String() }) },
    handler: async ({ params, principal, tx }) => {
      const msisdn = readNumber(params.msisdn, plans());
      await cards.makeDefaultCard(tx, { msisdn, card: params.card, actor: principal.name });
      return { card: params.card };
    },
  });
  apiRoute(app, {
    ...{ method: 'DELETE', url: '/v1/customers/:msisdn/cards/:card', scope: 'cards:write' },
    ...{ tag: 'cards', summary: 'Take a card away' },
    description:
      'It is never charged again: what was planned on it ends with this very call, and it is written down who asked.',
    schema: {
      params: CardParams,
      response: Type.Object({
        card: Type.String(),
        withdrawn: Type.Array(Type.String({ description: 'bills whose charge was ended' })),
      }),
    },
    handler: async ({ params, principal }) => {
      const msisdn = readNumber(params.msisdn, plans());
      const act = { msisdn, card: params.card, actor: principal.name, reason: REMOVED_BY_API };
      const { withdrawn } = await database.transaction((tx) => cards.removeCard(tx, act));
      return { card: params.card, withdrawn };
    },
  });
}

function toApi(card: SavedCardView) {
  const { brand, expires, gateway, isDefault, mask, savedAt } = card;
  return {
    ...{ card: card.card, gateway, brand, mask, is_default: isDefault, saved_at: savedAt },
    ...(expires === undefined ? {} : { expires }),
  };
}
