import type { HttpApp } from '#http';
import type { PaymentFacts } from '#payments';
import { parseSubscriptionId } from '#subscriptions/subscription';
import { renderCards, renderRemove } from './card-pages.ts';
import { fail } from './errors.ts';
import type { Holding } from './holdings.ts';
import { renderPayment, renderPayments } from './payment-pages.ts';
import { type Call, clientForm, clientPage, type Room } from './room.ts';
import { type BillLine, findBillLines } from './store.ts';

/** What was paid and given back, and the cards that pay. */
export function registerMoneyPages(app: HttpApp, room: Room): void {
  const { holdings } = room;
  clientPage(app, room, {
    url: '/me/payments',
    async handler(call) {
      const page = await holdings.payments(call.session, call.request.query.before);
      const titleOf = titles(await holdings.all(call.session));
      return call.send({
        ...{ place: 'payments', title: 'Payments' },
        body: renderPayments({ ...page, titleOf }),
      });
    },
  });
  clientPage(app, room, {
    url: '/me/payments/:id',
    async handler(call) {
      const report = await holdings.payment(call.session, call.param('id'));
      const all = await holdings.all(call.session);
      const plans = new Map((await room.cards.plans()).map(({ code, title }) => [code, title]));
      const lines = await linesOf(room, report);
      return call.send({
        ...{ place: 'payments', title: 'Payment' },
        body: renderPayment({ report, title: titles(all)(report), lines, titles: plans }),
      });
    },
  });
  registerCardPages(app, room);
}

const REFERENCE = /(sub_[A-Za-z0-9]+)(?:\/(\d+|card))?/;

function titles(holdings: readonly Holding[]) {
  const byId = new Map(holdings.map(({ view }) => [view.subscription, view.title]));
  return ({ kind, reference, refundOf }: PaymentFacts): string => {
    const [, subscription = '', part] = REFERENCE.exec(reference) ?? [];
    const title = byId.get(subscription) ?? (refundOf ? 'A payment of yours' : 'Subscription');
    const what = part === 'card' ? `${title}, card checked` : title;
    return kind === 'refund' ? `Given back: ${what}` : what;
  };
}

async function linesOf({ database }: Room, report: PaymentFacts): Promise<readonly BillLine[]> {
  const [, subscription, part] = REFERENCE.exec(report.reference) ?? [];
  if (subscription === undefined || part === undefined || part === 'card') return [];
  return findBillLines(database.pool, parseSubscriptionId(subscription), Number(part));
}

function registerCardPages(app: HttpApp, room: Room): void {
  const { cards, database, holdings } = room;
  clientPage(app, room, {
    url: '/me/cards',
    async handler(call) {
      const { done } = call.request.query;
      return call.send({
        ...{ place: 'cards', title: 'Cards' },
        body: renderCards({
          ...{
            cards: await holdings.cards(call.session),
            holdings: await holdings.all(call.session),
          },
          notice: done === undefined ? undefined : NOTICES[done],
          token: (action, card) => call.token(action, card),
        }),
      });
    },
  });
  clientForm(app, room, {
    url: '/me/cards/:card/default',
    async handler(call) {
      const card = await ownCard(room, call);
      call.form('default', card.card);
      await database.transaction((tx) => cards.makeDefaultCard(tx, actOf(call, card.card)));
      return call.redirect('/me/cards?done=default');
    },
  });
  clientPage(app, room, {
    url: '/me/cards/:card/remove',
    async handler(call) {
      const card = await ownCard(room, call);
      const others = (await holdings.cards(call.session)).filter((one) => one.card !== card.card);
      const next = others.find((one) => one.isDefault) ?? undefined;
      const token = call.token('remove', card.card);
      return call.send({
        ...{ place: 'cards', title: 'Remove a card' },
        body: renderRemove({ card, next, holdings: await holdings.all(call.session), token }),
      });
    },
  });
  clientForm(app, room, {
    url: '/me/cards/:card/remove',
    async handler(call) {
      const name = call.param('card');
      call.form('remove', name);
      // Pressed twice: it is gone, and that is what was wanted.
      const known = (await holdings.cards(call.session)).some((one) => one.card === name);
      if (known) {
        const act = { ...actOf(call, name), reason: 'removed by its holder' };
        await database.transaction((tx) => cards.removeCard(tx, act));
      }
      return call.redirect('/me/cards?done=removed');
    },
  });
}

const NOTICES: Readonly<Record<string, string>> = {
  default: 'Done: this card pays everything from now on.',
  removed: 'Done: the card is removed and is never charged again.',
};

const actOf = ({ session: { msisdn } }: Call, card: string) => ({ msisdn, card, actor: msisdn });

async function ownCard({ holdings }: Room, call: Call) {
  const name = call.param('card');
  const card = (await holdings.cards(call.session)).find((one) => one.card === name);
  if (!card) throw fail('not_yours', 'You have no such card here: it may have been removed.');
  return card;
}
