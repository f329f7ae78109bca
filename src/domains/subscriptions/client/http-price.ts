import type { FastifyReply } from 'fastify';
import { type HttpApp, html } from '#http';
import type { PlannedMove } from '#subscriptions/cards';
import { speechOf } from '#subscriptions/speech';
import { fingerprintOf, renderAgreed } from './agreed-text.ts';
import { type Agreement, agreedIn, consentOf, sealShown } from './agreement.ts';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { moveToAgree, priceOffer } from './price-offer.ts';
import { type Call, clientForm, clientPage, type Room } from './room.ts';

const ACTION = 'price';

/** `/me/s/{id}/price`: a newer price that needs a yes. */
export function registerPricePages(app: HttpApp, room: Room): void {
  const url = '/me/s/:id/price';
  clientPage(app, room, { url, handler: (call) => showPrice(room, call) });
  clientForm(app, room, { url, handler: (call) => takePrice(room, call) });
}

type Asking = Extract<Holding, { readonly by: 'card' }> & { readonly move: PlannedMove };

/** Undefined where nothing waits for a yes: it was given, has come too late, or was never asked for. */
async function askedOf(room: Room, call: Call): Promise<Asking | undefined> {
  const holding = await room.holdings.byCard(call.session, call.param('id'));
  const move = moveToAgree(holding.one);
  return move && { ...holding, move };
}

/** `changed`: it was agreed to, and is not what it was any more; nothing was asked for. */
async function showPrice(room: Room, call: Call, { changed = false } = {}): Promise<FastifyReply> {
  const path = `/me/s/${call.param('id')}`;
  const asked = await askedOf(room, call);
  if (!asked) return call.redirect(path);
  const { speech } = call.reader;
  const text = priceOffer(speech, asked);
  const token = call.token(ACTION, call.param('id'), {
    command: room.cards.commandId(),
    version: asked.move.price.version,
    shown: sealShown(speech.locale, fingerprintOf(text), room.clock),
  });
  return call.send(
    {
      ...{ place: 'subscriptions', title: text.title },
      body: html`${renderBack(path, asked.view.title)}<h1>${text.title}</h1>
${changed && html`<p class="notice warn" role="alert">${speech.say('agree.changed')}</p>`}
${renderAgreed(speech, text, (inside) => renderForm(`${path}/price`, token, inside))}`,
    },
    changed ? 409 : 200,
  );
}

/** The yes. Where what was shown does not hold any more, it is shown again, and nothing is asked for. */
async function takePrice(room: Room, call: Call): Promise<FastifyReply> {
  const id = call.param('id');
  const asked = await askedOf(room, call);
  const agreed = agreedIn(call, ACTION);
  const isAsked = asked !== undefined && (await ask(room, call, { asked, agreed }));
  // Pressed again after it was carried out: what came of it is told.
  const known = isAsked || (await room.cards.commandResult(id, agreed.command)) !== undefined;
  return known
    ? call.redirect(`/me/s/${id}?asked=${agreed.command}`)
    : showPrice(room, call, { changed: true });
}

async function ask(
  room: Room,
  call: Call,
  { agreed, asked }: { readonly asked: Asking; readonly agreed: Agreement },
): Promise<boolean> {
  const { command, shown, version } = agreed;
  const text = priceOffer(speechOf(shown.locale), asked);
  if (version !== asked.move.price.version || fingerprintOf(text) !== shown.text) return false;
  await room.database.transaction((tx) =>
    room.cards.agreeToPrice(tx, {
      ...{ id: command, one: asked.one, locale: shown.locale },
      ...{ origin: 'client-admin', actor: call.session.msisdn },
      consent: consentOf(call, { text, shown, now: room.clock.now() }),
    }),
  );
  return true;
}
