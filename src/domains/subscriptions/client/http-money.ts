import type { HttpApp } from '#http';
import type { PaymentFacts } from '#payments';
import type { Speech } from '#subscriptions/speech';
import { parseSubscriptionId } from '#subscriptions/subscription';
import { renderCards, renderRemove } from './card-pages.ts';
import { fail } from './errors.ts';
import type { Holding } from './holdings.ts';
import { renderPayments, type Subject } from './payment-pages.ts';
import { receiptTitle, renderReceipt } from './receipt-page.ts';
import { type Call, clientForm, clientPage, type Room } from './room.ts';
import { ZONE } from './say-holding.ts';
import { type BillLine, findBillLines } from './store.ts';

/** What was paid and given back, and the cards that pay. */
export function registerMoneyPages(app: HttpApp, room: Room): void {
  const { holdings } = room;
  clientPage(app, room, {
    url: '/me/payments',
    async handler(call) {
      const page = await holdings.payments(call.session, call.request.query.before);
      const { speech } = call.reader;
      const subjectOfCharge = subjects(await holdings.all(call.session));
      const charges = new Map(page.payments.map((one) => [one.payment, one]));
      const subjectOf = (one: PaymentFacts) =>
        subjectOfCharge(charges.get(one.refundOf ?? '') ?? one);
      return call.send({
        ...{ place: 'payments', title: speech.say('payments.title') },
        body: renderPayments(speech, { ...page, subjectOf }),
      });
    },
  });
  clientPage(app, room, {
    url: '/me/payments/:id',
    async handler(call) {
      const { speech } = call.reader;
      const report = await holdings.payment(call.session, call.param('id'));
      const { refundOf } = report;
      const charge = refundOf ? await holdings.payment(call.session, refundOf) : report;
      const subject = subjects(await holdings.all(call.session))(charge);
      const titles = new Map((await room.cards.plans()).map(({ code, title }) => [code, title]));
      const lines = await linesOf(room, report);
      return call.send({
        ...{ place: 'payments', title: receiptTitle(speech, report) },
        body: renderReceipt(speech, { report, subject, lines, titles }),
      });
    },
  });
  registerCardPages(app, room);
}

const REFERENCE = /(sub_[A-Za-z0-9]+)(?:\/(\d+|card))?/;

function subjects(holdings: readonly Holding[]) {
  const byId = new Map(holdings.map((one) => [one.view.subscription, one]));
  return ({ reference }: PaymentFacts): Subject => {
    const [, subscription = '', part] = REFERENCE.exec(reference) ?? [];
    const holding = byId.get(subscription);
    return {
      ...{ title: holding?.view.title, isCardCheck: part === 'card' },
      timeZone: holding?.by === 'card' ? holding.one.priced.anchor.timeZone : ZONE,
    };
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
      const { speech } = call.reader;
      return call.send({
        ...{ place: 'cards', title: speech.say('cards.title') },
        body: renderCards(speech, {
          ...{
            cards: await holdings.cards(call.session),
            holdings: await holdings.all(call.session),
          },
          notice: done === undefined ? undefined : noticeOf(speech, done),
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
      const { speech } = call.reader;
      return call.send({
        ...{ place: 'cards', title: speech.say('cards.remove_title') },
        body: renderRemove(speech, {
          card,
          next,
          holdings: await holdings.all(call.session),
          token,
        }),
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

function noticeOf({ say }: Speech, done: string): string | undefined {
  if (done === 'default') return say('cards.done_default');
  return done === 'removed' ? say('cards.done_removed') : undefined;
}

const actOf = ({ session: { msisdn } }: Call, card: string) => ({ msisdn, card, actor: msisdn });

async function ownCard({ holdings }: Room, call: Call) {
  const name = call.param('card');
  const card = (await holdings.cards(call.session)).find((one) => one.card === name);
  if (!card) throw fail('not_yours', 'You have no such card here: it may have been removed.');
  return card;
}
