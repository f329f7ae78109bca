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
import { formatRowId } from '#ids';
import type { CardSubscriptions } from '#subscriptions/cards/create-cards';
import { laterOf, type MoveReport, type PriceMove } from '#subscriptions/cards/moves';
import { periodOfInterval } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import { AttestedConsent, toConsent } from './attested-consent.ts';
import { QueuedCommand, SubscriptionParams, text } from './http-shapes.ts';

const MoveShape = Type.Object({
  move: Type.String({ description: 'mov_…' }),
  plan: Type.String(),
  version: Type.Integer({ description: 'that they are moved to' }),
  state: Type.String({ description: 'previewed, running, done, stopping or stopped' }),
  notice_days: Type.Integer(),
  consent: Type.String(),
  without_consent: Type.String(),
  currency: CurrencyCode,
  total: Type.Integer({ description: 'subscriptions of older versions when it was looked at' }),
  raised: Type.Integer({ description: 'of them, who would pay more, or in another interval' }),
  from: Type.Array(
    Type.Object({
      version: Type.Integer(),
      subscriptions: Type.Integer(),
      quantity: Type.Integer(),
      price_minor: AmountMinor,
      new_price_minor: AmountMinor,
      raises: Type.Boolean(),
      difference_minor: Type.Optional(
        Type.Integer({ description: 'of all of them, a period of each, before coupons' }),
      ),
    }),
  ),
  looked: Type.Integer(),
  planned: Type.Integer({ description: 'who was told' }),
  progress: Type.Number({ description: '0 to 1' }),
  moved: Type.Integer(),
  waiting: Type.Integer({ description: 'told, and their next period is still to come' }),
  ended: Type.Integer(),
  kept: Type.Integer({ description: 'on their old price, or another plan, after all' }),
  called_off: Type.Integer({ description: 'who was told, and for whom it is off' }),
  created_at: Instant,
  created_by: Type.String(),
  started_at: Type.Optional(Instant),
  started_by: Type.Optional(Type.String()),
  finished_at: Type.Optional(Instant),
  stopped_at: Type.Optional(Instant),
  stopped_by: Type.Optional(Type.String()),
});

const ListedMove = Type.Object({
  move: Type.String({ description: 'mov_…' }),
  version: Type.Integer(),
  state: Type.String(),
  total: Type.Integer(),
  looked: Type.Integer(),
  planned: Type.Integer(),
  called_off: Type.Integer(),
  created_at: Instant,
  created_by: Type.String(),
});

const Code = Type.Object({ code: text(100) });
const Named = Type.Object({ code: text(100), move: Type.String({ maxLength: 60 }) });
const about = { scope: 'subscriptions:admin', tag: 'subscriptions' } as const;

export interface MoveRoutesOptions {
  readonly cards: CardSubscriptions;
  readonly database: Database;
}

/** `/v1/plans/{code}/moves`: people of older versions are moved to a newer one, looked at first. */
export function registerMoveRoutes(app: HttpApp, { cards, database }: MoveRoutesOptions): void {
  idempotentRoute(app, {
    ...{ ...about, url: '/v1/plans/:code/moves', status: 201 },
    summary: 'Look at a move of all who have older versions of a plan',
    description:
      'How many, from which versions, what the difference comes to. Nobody is told and nothing is planned until it is run. A higher price ' +
      'holds from the first period on that is charged at least `notice_days` after its SMS; a lower one from the next period.',
    schema: {
      params: Code,
      body: Type.Object({
        version: Type.Optional(Type.Integer({ minimum: 1, description: 'the newest without it' })),
        notice_days: Type.Integer({ minimum: 1, maximum: 366 }),
        consent: Type.Union([Type.Literal('notice'), Type.Literal('required')], {
          description: 'required: nobody is moved without a new yes (where the law wants it)',
        }),
        without_consent: Type.Optional(
          Type.Union([Type.Literal('keep'), Type.Literal('end')], {
            description: 'of who gives none: the old price stays (default), or it ends',
          }),
        ),
        text: text(
          1000,
          'the SMS: {title}, {price}, {old_price}, {date}, {stop}, and {link}, where it is read and agreed to',
        ),
      }),
      response: MoveShape,
    },
    handler: async ({ body, params, principal, tx }) => {
      const { consent, notice_days: noticeDays, text: words, version } = body;
      const without = body.without_consent ?? 'keep';
      const wanted = { plan: params.code, consent, noticeDays, without, text: words, version };
      return moveToApi(await cards.moves.preview(tx, { ...wanted, actor: principal.name }));
    },
  });
  idempotentRoute(app, {
    ...{ ...about, url: '/v1/plans/:code/moves/:move/run', status: 202 },
    summary: 'Run a move that was looked at',
    description: '`state-machine` tells and plans them in sets; killed, it goes on where it was.',
    schema: { params: Named, body: Type.Object({}), response: MoveShape },
    handler: async ({ params, principal, tx }) => {
      const named = { plan: params.code, move: params.move, actor: principal.name };
      return moveToApi(await cards.moves.run(tx, named));
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/plans/:code/moves/:move', scope: 'subscriptions:read' },
    ...{ tag: 'subscriptions', summary: 'How far a move is' },
    schema: { params: Named, response: MoveShape },
    handler: async ({ params }) =>
      moveToApi(await cards.moves.report(database.pool, { plan: params.code, move: params.move })),
  });
  registerMoveList(app, { cards, database });
  registerStop(app, cards);
  registerAgreement(app, { cards, database });
}

function registerMoveList(app: HttpApp, { cards, database }: MoveRoutesOptions): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/plans/:code/moves', scope: 'subscriptions:read' },
    ...{ tag: 'subscriptions', summary: 'The newest moves of a plan, at most a hundred' },
    schema: { params: Code, response: Type.Object({ moves: Type.Array(ListedMove) }) },
    handler: async ({ params }) => ({
      moves: (await cards.moves.list(database.pool, params.code)).map(listedMoveToApi),
    }),
  });
}

function registerStop(app: HttpApp, cards: CardSubscriptions): void {
  idempotentRoute(app, {
    ...{ ...about, url: '/v1/plans/:code/moves/:move/stop', status: 202 },
    summary: 'Stop a move',
    description:
      'Whoever has the new price keeps it. Of those who were told and wait, a higher price falls away, and they hear so in `text`; a lower ' +
      'one stays promised, and so does another interval to which somebody has said yes. One that was only looked at can’t be run any more.',
    schema: {
      params: Named,
      body: Type.Object({
        text: Type.Optional(
          text(
            1000,
            'the SMS; needed once it was run: {title}, {price}, {new_price}, {stop}, {link}',
          ),
        ),
      }),
      response: MoveShape,
    },
    handler: async ({ body, params, principal, tx }) => {
      const named = { plan: params.code, move: params.move, actor: principal.name };
      return moveToApi(await cards.moves.stop(tx, { ...named, text: body.text }));
    },
  });
}

/** One of a list: as it was written down, without what became of whom. */
export function listedMoveToApi(move: PriceMove) {
  return {
    ...{ move: formatRowId('mov', move.id), version: move.version, state: move.state },
    ...{ total: move.total, looked: move.looked, planned: move.planned },
    called_off: move.calledOff,
    ...{ created_at: move.createdAt, created_by: move.createdBy },
  };
}

function registerAgreement(app: HttpApp, { cards, database }: MoveRoutesOptions): void {
  idempotentRoute(app, {
    ...{ url: '/v1/subscriptions/:id/price-agreement', scope: 'subscriptions:write', status: 202 },
    tag: 'subscriptions',
    summary: 'Say yes to a price that was told and needs it',
    schema: {
      params: SubscriptionParams,
      body: Type.Object({ version: Type.Integer({ minimum: 1 }), consent: AttestedConsent }),
      response: QueuedCommand,
    },
    handler: async ({ body, params, principal, tx }) => {
      const one = await cards.find(database.pool, params.id);
      if (!one?.move || one.move.price.version !== body.version)
        throw fail('nothing_to_agree', `No price of version ${body.version} waits for a yes.`);
      const { amountMinor: priceMinor, currency } = laterOf(one, one.move);
      const { interval, plan } = one.move.price;
      const offer = { title: plan, priceMinor, currency, period: periodOfInterval(interval) };
      const command = await cards.agreeToPrice(tx, {
        ...{ one, origin: 'api', actor: principal.name },
        consent: toConsent(body.consent, offer),
      });
      return { subscription: params.id, command };
    },
  });
}

/** A move with what became of those who were told. */
export function moveToApi(report: MoveReport) {
  const { id, move, outcomes, parts } = report;
  const raised = parts.filter((part) => part.raises);
  const isDone = move.finishedAt !== null;
  return {
    ...{ move: id, plan: move.plan, version: move.version, state: move.state },
    ...{ notice_days: move.noticeDays, consent: move.consent, without_consent: move.without },
    currency: report.target.currency,
    total: move.total,
    raised: raised.reduce((sum, { subscriptions }) => sum + subscriptions, 0),
    from: parts.map((part) => ({
      ...{ version: part.version, subscriptions: part.subscriptions, quantity: part.quantity },
      ...{ price_minor: part.price.unitPriceMinor, new_price_minor: part.newPrice.unitPriceMinor },
      raises: part.raises,
      ...(part.differenceMinor === undefined
        ? {}
        : { difference_minor: Number(part.differenceMinor) }),
    })),
    ...{ looked: move.looked, planned: move.planned, ...outcomes },
    progress: isDone ? 1 : move.total === 0 ? 0 : Math.min(1, move.looked / move.total),
    ...{ created_at: move.createdAt, created_by: move.createdBy },
    ...(move.startedAt ? { started_at: move.startedAt } : {}),
    ...(move.startedBy ? { started_by: move.startedBy } : {}),
    ...(move.finishedAt ? { finished_at: move.finishedAt } : {}),
    ...(move.stoppedAt ? { stopped_at: move.stoppedAt } : {}),
    ...(move.stoppedBy ? { stopped_by: move.stoppedBy } : {}),
  };
}
