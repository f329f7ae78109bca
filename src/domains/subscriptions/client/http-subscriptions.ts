import type { FastifyReply } from 'fastify';
import { AppError } from '#errors';
import type { HttpApp } from '#http';
import type { QuoteResult } from '#subscriptions/pricing';
import { fail } from './errors.ts';
import type { FormOf } from './form-token.ts';
import type { Holding } from './holdings.ts';
import { renderHome } from './home-page.ts';
import { sayOutcome } from './outcomes.ts';
import { renderCancel, renderChange, renderPlans } from './quote-pages.ts';
import { type Call, clientForm, clientPage, type Room } from './room.ts';
import { renderPause, renderStop, renderSubscription } from './subscription-page.ts';

type ByCard = Extract<Holding, { readonly by: 'card' }>;

const PLACE = 'subscriptions' as const;
const LOOK_AGAIN_SECONDS = 2;
const LOOKS_MOST = 60;

/** What somebody has, and what he can ask for. A GET shows, a POST asks; what came of it is read from what is stored. */
export function registerSubscriptionPages(app: HttpApp, room: Room): void {
  clientPage(app, room, {
    url: '/me',
    handler: async (call) =>
      call.send({
        ...{ place: PLACE, title: call.reader.speech.say('home.title') },
        body: renderHome(call.reader.speech, await room.holdings.all(call.session)),
      }),
  });
  clientPage(app, room, { url: '/me/s/:id', handler: (call) => sendSubscription(room, call) });
  registerCancel(app, room);
  registerChange(app, room);
  registerPause(app, room);
  registerStop(app, room);
  for (const action of ['repay', 'resume'] as const) {
    clientForm(app, room, {
      url: `/me/s/:id/${action}`,
      handler: (call) => command(room, call, { form: action, command: { command: action } }),
    });
  }
  clientForm(app, room, { url: '/me/s/:id/card', handler: (call) => newCard(room, call) });
}

async function sendSubscription(room: Room, call: Call) {
  const { cards, holdings } = room;
  const { speech } = call.reader;
  const id = call.param('id');
  const holding = await holdings.one(call.session, id);
  const { asked, look } = call.request.query;
  const outcome = asked === undefined ? undefined : await resultOf(cards, id, asked);
  const looks = Number.parseInt(look ?? '', 10) || 0;
  const isUnderWay = holding.by === 'card' && holding.one.bill?.isUnderWay === true;
  const isWaiting = asked !== undefined && (!outcome || isUnderWay) && looks < LOOKS_MOST;
  const to = `/me/s/${id}?asked=${asked}&look=${looks + 1}`;
  return call.send({
    ...{ place: PLACE, title: holding.view.title },
    ...(isWaiting ? { refresh: { seconds: LOOK_AGAIN_SECONDS, to } } : {}),
    body: renderSubscription(speech, {
      ...{ holding, nextPlan: await nextPlanOf(cards, holding) },
      cardWaitedFor: await waitsUntil(room, holding),
      ...(asked === undefined ? {} : { notice: sayOutcome(speech, outcome) }),
      token: (action) => call.token(action, id, { command: cards.commandId() }),
    }),
  });
}

/** Until when a switch to a card waits for that card. */
async function waitsUntil(
  { cards, database }: Pick<Room, 'cards' | 'database'>,
  { by, view }: Holding,
): Promise<Date | undefined> {
  return by === 'phone' && view.alive
    ? cards.switchWaits(database.pool, view.subscription)
    : undefined;
}

/** A page that asks for something: of what has ended nothing can be asked, and its own page says so. */
function askingPage(
  app: HttpApp,
  room: Room,
  route: {
    readonly url: string;
    readonly handler: (call: Call, holding: ByCard) => Promise<FastifyReply>;
  },
): void {
  clientPage(app, room, {
    url: route.url,
    async handler(call) {
      const id = call.param('id');
      const holding = await room.holdings.byCard(call.session, id);
      return holding.view.alive ? route.handler(call, holding) : call.redirect(`/me/s/${id}`);
    },
  });
}

/** What a plan that was chosen for the next period is called. */
async function nextPlanOf(cards: Room['cards'], holding: Holding): Promise<string | undefined> {
  const code = holding.by === 'card' ? holding.one.priced.scheduled?.price.plan : undefined;
  return code === undefined ? undefined : ((await cards.plan(code))?.title ?? code);
}

/** Undefined while it waits; a number that is none is one that nothing will come of. */
async function resultOf(cards: Room['cards'], id: string, asked: string) {
  try {
    return await cards.commandResult(id, asked);
  } catch (error) {
    if (error instanceof AppError) return { outcome: 'refused', reason: 'unknown' };
    throw error;
  }
}

type Given = Omit<
  Parameters<Room['cards']['command']>[1],
  'actor' | 'id' | 'origin' | 'subscription'
>;

/** Hands a command on and shows the subscription, which tells what came of it. Pressed twice, it is one command. */
async function command(
  room: Room,
  call: Call,
  {
    command: given,
    form,
  }: { readonly form: string; readonly command: Given | ((of: FormOf) => Given) },
) {
  const id = call.param('id');
  await room.holdings.byCard(call.session, id);
  const of = call.form(form, id);
  const own = of.command;
  if (own === undefined)
    throw fail('form_incomplete', 'The form has no number of its own. Open the page again.');
  await room.database.transaction((tx) =>
    room.cards.command(tx, {
      ...(typeof given === 'function' ? given(of) : given),
      ...{ id: own, subscription: id, origin: 'client-admin', actor: call.session.msisdn },
    }),
  );
  return call.redirect(`/me/s/${id}?asked=${own}`);
}

function registerCancel(app: HttpApp, room: Room): void {
  const { cards, database } = room;
  askingPage(app, room, {
    url: '/me/s/:id/cancel',
    async handler(call, holding) {
      const { speech } = call.reader;
      const id = call.param('id');
      const [atEnd, now] = await database.transaction(async (tx) => [
        await cards.quote(tx, id, { kind: 'cancel', timing: 'period_end', unused: 'keep' }),
        await cards.quote(tx, id, { kind: 'cancel', timing: 'now', unused: 'refund' }),
      ]);
      const token = (action: string, result: QuoteResult) =>
        call.token(action, id, { command: cards.commandId(), ...shownIn(result) });
      return call.send({
        ...{ place: PLACE, title: speech.say('cancel.title', { title: holding.view.title }) },
        body: renderCancel(speech, { holding, atEnd, now, token }),
      });
    },
  });
  clientForm(app, room, {
    url: '/me/s/:id/cancel',
    handler: (call) =>
      call.field('when') === 'now'
        ? command(room, call, {
            form: 'cancel-now',
            command: (of) => ({
              command: 'cancel',
              timing: 'now',
              unused: 'refund',
              ...quoteIn(of),
            }),
          })
        : command(room, call, {
            form: 'cancel',
            command: (of) => ({
              ...{ command: 'cancel', timing: 'period_end', unused: 'keep', ...quoteIn(of) },
            }),
          }),
  });
}

function registerChange(app: HttpApp, room: Room): void {
  const { cards, database } = room;
  askingPage(app, room, {
    url: '/me/s/:id/change',
    async handler(call, holding) {
      const { speech } = call.reader;
      const body = renderPlans(speech, holding, await cards.plans());
      return call.send({ place: PLACE, title: speech.say('change.title'), body });
    },
  });
  askingPage(app, room, {
    url: '/me/s/:id/change/:plan',
    async handler(call, holding) {
      const [id, code] = [call.param('id'), call.param('plan')];
      const target = await cards.plan(code);
      if (!target?.open) throw fail('not_yours', 'There is no such plan on sale.');
      const result = await database.transaction((tx) =>
        cards.quote(tx, id, { kind: 'change', plan: code }),
      );
      const { version } = target.price;
      const token = call.token('change', id, {
        ...{ command: cards.commandId(), plan: code, version, ...shownIn(result) },
      });
      const { speech } = call.reader;
      const body = renderChange(speech, { holding, target, result, token });
      const title = speech.say('change.to', { title: target.title });
      return call.send({ place: PLACE, title, body });
    },
  });
  clientForm(app, room, {
    url: '/me/s/:id/change/:plan',
    handler: (call) =>
      command(room, call, {
        form: 'change',
        command: ({ plan = '', version = 0, ...of }) => {
          if (plan !== call.param('plan'))
            throw fail(
              'form_of_another_page',
              'This form is of another plan. Open the page again.',
            );
          return { command: 'change', plan, version, ...quoteIn(of) };
        },
      }),
  });
}

/** What was shown is what is agreed to: its quote goes with the form. */
function shownIn(result: QuoteResult): Pick<FormOf, 'quote'> {
  if (result.outcome !== 'quoted') return {};
  const { at, hash } = result.quote;
  return { quote: { at: at.toISOString(), hash } };
}

function quoteIn({ quote }: Pick<FormOf, 'quote'>): Pick<Given, 'quote'> {
  return quote ? { quote } : {};
}

const DAYS_MOST = 366;

function registerPause(app: HttpApp, room: Room): void {
  askingPage(app, room, {
    url: '/me/s/:id/pause',
    async handler(call, holding) {
      const id = call.param('id');
      const token = call.token('pause', id, { command: room.cards.commandId() });
      const { speech } = call.reader;
      const body = renderPause(speech, holding, token);
      const title = speech.say('pause.title', { title: holding.view.title });
      return call.send({ place: PLACE, title, body });
    },
  });
  clientForm(app, room, {
    url: '/me/s/:id/pause',
    async handler(call) {
      const { plan } = await room.holdings.byCard(call.session, call.param('id'));
      const days = Number(call.field('days'));
      const most = Math.min(DAYS_MOST, plan?.pauseDaysMost ?? 0);
      if (!Number.isInteger(days) || days < 1 || days > most)
        throw fail('form_incomplete', `Choose 1 to ${most} days.`, {
          faults: [{ field: 'days', message: `must be a whole number from 1 to ${most}` }],
        });
      return command(room, call, { form: 'pause', command: { command: 'pause', days } });
    },
  });
}

function registerStop(app: HttpApp, room: Room): void {
  clientPage(app, room, {
    url: '/me/s/:id/stop',
    async handler(call) {
      const id = call.param('id');
      const holding = await room.holdings.one(call.session, id);
      if (!holding.view.alive) return call.redirect(`/me/s/${id}`);
      // What a card pays has ends to choose from, and no phone that would be charged.
      if (holding.by === 'card') return call.redirect(`/me/s/${id}/cancel`);
      const { speech } = call.reader;
      const body = renderStop(speech, holding, call.token('stop', id));
      const title = speech.say('stop.title', { title: holding.view.title });
      return call.send({ place: PLACE, title, body });
    },
  });
  clientForm(app, room, {
    url: '/me/s/:id/stop',
    async handler(call) {
      const id = call.param('id');
      const { view } = await room.holdings.one(call.session, id);
      call.form('stop', id);
      const { msisdn } = call.session;
      const evidence = JSON.stringify({
        subscription: id,
        address: call.request.ip,
        signedIn: true,
      });
      await room.database.transaction((tx) =>
        room.stop(tx, {
          ...{ msisdn, serviceCode: view.serviceCode, channel: 'link', evidence },
          saidAt: room.clock.now(),
        }),
      );
      return call.redirect(`/me/s/${id}`);
    },
  });
}

/** Why there can't be such a page now: for its holder to read, and no mistake of anybody. */
const NO_CARD_PAGE = new Set([
  ...['card_page_refused', 'subscription_ended', 'no_gateway', 'not_by_card'],
]);

/** To the page on which another card is entered, or the one that a switch waits for. Asked again, the same page. */
async function newCard({ cards, database, holdings, publicUrl }: Room, call: Call) {
  const id = call.param('id');
  const holding = await holdings.one(call.session, id);
  call.form('card', id);
  try {
    const { payment } = await database.transaction((tx) => cards.cardPage(tx, id));
    const returnUrl = `${publicUrl}/me`;
    const url = cards.pageUrl({ page: 'payment', subscription: id, payment, returnUrl });
    return call.redirect(`${new URL(url).pathname}?open=now`);
  } catch (error) {
    if (!(error instanceof AppError) || !NO_CARD_PAGE.has(error.code)) throw error;
    const token = (action: string) => call.token(action, id, { command: cards.commandId() });
    const { speech } = call.reader;
    const notice = ['warn', speech.sayWord('refused', error.code, 'refused.else')] as const;
    const body = renderSubscription(speech, { holding, notice, token });
    return call.send({ place: PLACE, title: holding.view.title, body }, 409);
  }
}
