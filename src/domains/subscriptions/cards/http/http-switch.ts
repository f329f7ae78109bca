import type { Database } from '#database';
import {
  AmountMinor,
  apiRoute,
  CurrencyCode,
  type HttpApp,
  Instant,
  idempotentRoute,
  Type,
} from '#http';
import type { CardSubscriptions } from '#subscriptions/cards/create-cards';
import type { SwitchPreview } from '#subscriptions/cards/switching';
import { fail } from '#subscriptions/errors';
import { AttestedConsent, toConsent } from './attested-consent.ts';
import { QueuedCommand, SubscriptionParams } from './http-shapes.ts';

const Way = Type.Union([Type.Literal('phone'), Type.Literal('card')]);
const Card = Type.String({ maxLength: 60, description: 'card_…; his default card without it' });

const Preview = Type.Object({
  possible: Type.Boolean(),
  reason: Type.Optional(Type.String({ description: 'why not now' })),
  plan: Type.Optional(Type.String()),
  version: Type.Optional(Type.Integer({ description: 'to be named in the switch' })),
  charged_by: Type.Optional(Type.String({ description: 'an operator, or card' })),
  price_minor: Type.Optional(AmountMinor),
  currency: Type.Optional(CurrencyCode),
  period: Type.Optional(Type.String()),
  starts_at: Type.Optional(Instant),
  needs_card: Type.Optional(
    Type.Boolean({ description: 'none is saved: it is left on the page of `POST …/card`' }),
  ),
  card: Type.Optional(Type.Object({ brand: Type.String(), mask: Type.String() })),
});

export interface SwitchRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly database: Database;
}

/** `/v1/subscriptions/{id}/switch`: between phone and card. */
export function registerSwitchRoutes(app: HttpApp, { cards, database }: SwitchRoutesOptions): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/subscriptions/:id/switch', scope: 'subscriptions:read' },
    ...{ tag: 'subscriptions', summary: 'What paying the other way would come to now' },
    schema: {
      params: SubscriptionParams,
      querystring: Type.Object({ to: Way, card: Type.Optional(Card) }),
      response: Preview,
    },
    handler: async ({ params, query }) =>
      toApi(
        await database.transaction((tx) => cards.previewSwitch(tx, params.id, query)),
        query.to,
      ),
  });
  idempotentRoute(app, {
    ...{ url: '/v1/subscriptions/:id/switch', scope: 'subscriptions:write', status: 202 },
    ...{ tag: 'subscriptions', summary: 'Pay the other way from the next period on' },
    description:
      'The consent that you attest is to the price of the other way; it is kept whatever comes of the command. What is paid is kept to ' +
      'its end. An open bill on which nothing is under way is closed; where something is, the command is refused: `payment_under_way`.',
    schema: {
      params: SubscriptionParams,
      body: Type.Object({
        to: Way,
        version: Type.Integer({ minimum: 1, description: 'whose price was shown' }),
        card: Type.Optional(Card),
        consent: AttestedConsent,
        locale: Type.Optional(Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$' })),
      }),
      response: QueuedCommand,
    },
    handler: async ({ body, params, principal, tx }) => {
      const { card, locale = 'ru', to, version } = body;
      const preview = await cards.previewSwitch(tx, params.id, { to, version, card });
      if (!preview.possible)
        throw fail('switch_refused', `It can't be switched now: ${preview.reason}.`, {
          details: { reason: preview.reason },
        });
      const command = await cards.switchWay(tx, {
        ...{ subscription: params.id, to, preview, locale, origin: 'api', actor: principal.name },
        ...(card === undefined ? {} : { card }),
        consent: toConsent(body.consent, preview.offer),
      });
      return { subscription: params.id, command };
    },
  });
}

function toApi(preview: SwitchPreview, to: 'phone' | 'card') {
  if (!preview.possible) return { possible: false, reason: preview.reason };
  const { by, card, offer, plan, startsAt, version } = preview;
  return {
    ...{ possible: true, plan, version, charged_by: by, price_minor: offer.priceMinor },
    ...{ currency: offer.currency, period: offer.period, starts_at: startsAt },
    ...(to === 'card' ? { needs_card: card === undefined } : {}),
    ...(card ? { card: { brand: card.brand, mask: card.mask } } : {}),
  };
}
