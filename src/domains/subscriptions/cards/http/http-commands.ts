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
import type { CardSubscriptions, WantedQuote } from '#subscriptions/cards/create-cards';
import { fail } from '#subscriptions/errors';
import { accessOf } from '#subscriptions/subscription';
import {
  CardHalf,
  caseToApi,
  QueuedCommand,
  QuoteShape,
  quoteToApi,
  SubscriptionParams,
  text,
} from './http-shapes.ts';

const ShownQuote = Type.Object(
  { at: Instant, hash: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
  { description: 'the quote that was shown; if it does not hold any more nothing is done' },
);

const bodies = {
  repay: Type.Object({}),
  change: Type.Object({
    plan: Type.Optional(text(100)),
    quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    timing: Type.Optional(Type.Union([Type.Literal('now'), Type.Literal('period_end')])),
    quote: Type.Optional(ShownQuote),
  }),
  pause: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366 })) }),
  resume: Type.Object({}),
} as const;

const summaries = {
  repay: 'Try the card again for what is owed',
  change: 'Another plan, or another quantity',
  pause: 'Neither charged nor let in for a while',
  resume: 'Go on: after a pause, or although it was to end',
} as const;

export interface CommandRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly database: Database;
}

/** What can be wanted of a subscription that is paid by card; `state-machine` carries it out, one after the other. */
export function registerCommandRoutes(app: HttpApp, options: CommandRoutesOptions): void {
  const { cards, database } = options;
  for (const command of ['repay', 'change', 'pause', 'resume'] as const) {
    idempotentRoute(app, {
      ...{ url: `/v1/subscriptions/:id/${command}`, scope: 'subscriptions:write' },
      ...{ tag: 'subscriptions', summary: summaries[command], status: 202 },
      schema: { params: SubscriptionParams, body: bodies[command], response: QueuedCommand },
      handler: async ({ body, params, principal, tx }) => {
        await mustBeAlive(cards, database, params.id);
        const given = { command, subscription: params.id, origin: 'api', actor: principal.name };
        return {
          subscription: params.id,
          command: await cards.command(tx, { ...given, ...body }),
        };
      },
    });
  }
  registerReads(app, options);
  idempotentRoute(app, {
    ...{ url: '/v1/subscriptions/:id/card', scope: 'subscriptions:write', status: 201 },
    ...{ tag: 'subscriptions', summary: 'A page on which another card is entered' },
    description:
      'What is owed is paid on it. Where nothing is, the smallest amount tries the card and goes back at once.',
    schema: {
      params: SubscriptionParams,
      body: Type.Object({
        return_url: Type.String({ maxLength: 2000, pattern: '^https?://[^\\s]+$' }),
      }),
      response: Type.Object({
        payment: Type.String(),
        page: Type.String(),
        amount_minor: AmountMinor,
        currency: CurrencyCode,
        pays_bill: Type.Boolean(),
      }),
    },
    handler: async ({ body, params, tx }) => {
      const opened = await cards.cardPage(tx, params.id);
      const { amountMinor, currency, payment, paysBill } = opened;
      const about = { subscription: params.id, payment, returnUrl: body.return_url };
      const page = cards.pageUrl({ page: 'payment', ...about });
      return { payment, page, amount_minor: amountMinor, currency, pays_bill: paysBill };
    },
  });
}

function registerReads(app: HttpApp, { cards, database }: CommandRoutesOptions): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/subscriptions/:id/by-card', scope: 'subscriptions:read' },
    ...{ tag: 'subscriptions', summary: 'What a subscription that is paid by card has besides' },
    schema: { params: SubscriptionParams, response: CardHalf },
    handler: async ({ params }) => {
      const one = await mustFind(cards, database, params.id);
      return caseToApi(one, accessOf(one.status).open);
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/subscriptions/:id/quote', scope: 'subscriptions:read' },
    ...{ tag: 'subscriptions', summary: 'What a change or an end would cost now' },
    schema: {
      params: SubscriptionParams,
      querystring: Type.Object({
        for: Type.Union([Type.Literal('change'), Type.Literal('cancel')]),
        plan: Type.Optional(text(100)),
        quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
        timing: Type.Optional(Type.Union([Type.Literal('now'), Type.Literal('period_end')])),
        unused: Type.Optional(
          Type.Union([Type.Literal('refund'), Type.Literal('credit'), Type.Literal('keep')]),
        ),
      }),
      response: QuoteShape,
    },
    handler: async ({ params, query }) => {
      const { plan, quantity, timing, unused } = query;
      const wanted: WantedQuote =
        query.for === 'cancel'
          ? { kind: 'cancel', timing: timing ?? 'period_end', unused: unused ?? 'keep' }
          : {
              kind: 'change',
              ...(plan === undefined ? {} : { plan }),
              ...(quantity === undefined ? {} : { quantity }),
              ...(timing === undefined ? {} : { timing }),
            };
      const result = await database.transaction((tx) => cards.quote(tx, params.id, wanted));
      if (result.outcome === 'refused')
        throw fail('change_refused', `It can't be done now: ${result.reason}.`, {
          details: { reason: result.reason },
        });
      return quoteToApi(result.quote);
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/subscriptions/:id/commands/:command', tag: 'subscriptions' },
    ...{ scope: 'subscriptions:read', summary: 'What came of a command' },
    schema: {
      params: Type.Object({
        id: Type.String({ maxLength: 60 }),
        command: Type.String({ maxLength: 60 }),
      }),
      response: Type.Object({
        outcome: Type.String({ description: 'waiting, done or refused' }),
        reason: Type.Optional(Type.String()),
        at: Type.Optional(Instant),
      }),
    },
    handler: async ({ params }) =>
      (await cards.commandResult(params.id, params.command)) ?? { outcome: 'waiting' },
  });
}

async function mustFind(cards: CardSubscriptions, database: Database, id: string) {
  const one = await cards.find(database.pool, id);
  if (!one) throw fail('not_by_card', `There is no subscription ${id} that is paid by card.`);
  return one;
}

async function mustBeAlive(cards: CardSubscriptions, database: Database, id: string) {
  const one = await mustFind(cards, database, id);
  if (one.endedAt) throw fail('subscription_ended', `${id} has ended: ${one.status}.`);
}
