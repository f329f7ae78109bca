import type { FastifyReply } from 'fastify';
import type { Tx } from '#database';
import { type Html, type HttpApp, html } from '#http';
import type { SavedCardView } from '#payments';
import { maskMsisdn } from '#phone';
import type { SwitchPreview } from '#subscriptions/cards';
import { sayCard } from '#subscriptions/pages';
import { type Speech, speechOf } from '#subscriptions/speech';
import { fingerprintOf, renderAgreed } from './agreed-text.ts';
import { type Agreement, agreedIn, consentOf, sealShown } from './agreement.ts';
import { fail } from './errors.ts';
import { renderBack, renderForm } from './frame.ts';
import type { Holding } from './holdings.ts';
import { sayNotDone } from './outcomes.ts';
import { type Call, clientForm, clientPage, type Room } from './room.ts';
import { type SwitchFacts, switchOffer } from './switch-offer.ts';

const ACTION = 'switch';
const OTHER_WAY = { card: 'phone', phone: 'card' } as const;

/** `/me/s/{id}/switch`: the other way of paying. What is shown is agreed to, and kept as it was shown. */
export function registerSwitchPages(app: HttpApp, room: Room): void {
  const url = '/me/s/:id/switch';
  clientPage(app, room, { url, handler: (call) => showSwitch(room, call) });
  clientForm(app, room, { url, handler: (call) => takeSwitch(room, call) });
}

interface Showing {
  readonly to: 'phone' | 'card';
  readonly preview: SwitchPreview;
  /** Those that could pay, and the one that is shown. */
  readonly saved: readonly SavedCardView[];
  readonly chosen: SavedCardView | undefined;
}

/** `changed`: it was agreed to, and is not what it was any more; nothing was asked for. */
async function showSwitch(room: Room, call: Call, { changed = false } = {}): Promise<FastifyReply> {
  const id = call.param('id');
  const holding = await room.holdings.one(call.session, id);
  if (!holding.view.alive) return call.redirect(`/me/s/${id}`);
  const to = OTHER_WAY[holding.by];
  const saved = to === 'card' ? await room.holdings.cards(call.session) : [];
  const chosen = choose(saved, call.request.query.card);
  const wanted = { to, card: chosen?.card };
  const preview = await room.database.transaction((tx) => room.cards.previewSwitch(tx, id, wanted));
  const { speech } = call.reader;
  return call.send(
    {
      ...{ place: 'subscriptions', title: titleOf(speech, to) },
      body: renderSwitch(room, call, { holding, changed, to, preview, saved, chosen }),
    },
    changed ? 409 : 200,
  );
}

const titleOf = ({ say }: Speech, to: Showing['to']) =>
  say(to === 'card' ? 'do.pay_by_card' : 'do.pay_by_phone');

function choose(
  saved: readonly SavedCardView[],
  name: string | undefined,
): SavedCardView | undefined {
  if (name === undefined) return saved.find(({ isDefault }) => isDefault);
  const chosen = saved.find(({ card }) => card === name);
  if (!chosen) throw fail('not_yours', 'You have no such card here: it may have been removed.');
  return chosen;
}

function renderSwitch(
  room: Room,
  call: Call,
  view: Showing & { readonly holding: Holding; readonly changed: boolean },
): Html {
  const { speech } = call.reader;
  const { changed, chosen, holding, preview, saved, to } = view;
  const { subscription, title } = holding.view;
  const path = `/me/s/${subscription}`;
  const back = renderBack(path, title);
  if (!preview.possible)
    return html`${back}<h1>${titleOf(speech, to)}</h1><div class="card"><p>${sayNotDone(speech, preview.reason)}</p></div>`;
  const text = switchOffer(speech, factsOf(room, call, { holding, preview, to }));
  const token = call.token(ACTION, subscription, {
    ...{ command: room.cards.commandId(), version: preview.version },
    ...(chosen ? { card: chosen.card } : {}),
    shown: sealShown(speech.locale, fingerprintOf(text), room.clock),
  });
  return html`${back}<h1>${text.title}</h1>
${changed && html`<p class="notice warn" role="alert">${speech.say('agree.changed')}</p>`}
${renderAgreed(speech, text, (inside) => renderForm(`${path}/switch`, token, inside))}
${renderOthers(speech, { path, chosen, saved })}`;
}

/** Other cards that could pay, each by a page of its own price and words. */
function renderOthers(
  { say }: Speech,
  { chosen, path, saved }: Pick<Showing, 'chosen' | 'saved'> & { readonly path: string },
): Html | false {
  const others = saved.filter((one) => one.card !== chosen?.card);
  return (
    others.length > 0 &&
    html`<h2>${say('switch.other_cards')}</h2><div class="actions">${others.map(
      (one) => html`<a class="button" href="${path}/switch?card=${one.card}">${sayCard(one)}</a>`,
    )}</div>`
  );
}

function factsOf(
  { clock }: Room,
  { session }: Call,
  about: Pick<SwitchFacts, 'preview' | 'to'> & { readonly holding: Holding },
): SwitchFacts {
  const { holding, preview, to } = about;
  return {
    ...{ preview, to, now: clock.now(), number: maskMsisdn(session.msisdn) },
    terms: holding.plan?.texts.terms,
  };
}

/** The yes. Where what was shown does not hold any more, it is shown again, and nothing is asked for. */
async function takeSwitch(room: Room, call: Call): Promise<FastifyReply> {
  const id = call.param('id');
  const holding = await room.holdings.one(call.session, id);
  const agreed = agreedIn(call, ACTION);
  const asked = await room.database.transaction((tx) => ask(room, call, tx, { holding, agreed }));
  // Pressed again after it was carried out: what came of it is told, whatever would be offered now.
  const known = asked || (await room.cards.commandResult(id, agreed.command)) !== undefined;
  return known
    ? call.redirect(`/me/s/${id}?asked=${agreed.command}`)
    : showSwitch(room, call, { changed: true });
}

async function ask(
  room: Room,
  call: Call,
  tx: Tx,
  { agreed, holding }: { readonly holding: Holding; readonly agreed: Agreement },
): Promise<boolean> {
  const { card, command, shown, version } = agreed;
  const { subscription } = holding.view;
  const to = OTHER_WAY[holding.by];
  const preview = await room.cards.previewSwitch(tx, subscription, { to, version, card });
  if (!preview.possible) return false;
  const text = switchOffer(speechOf(shown.locale), factsOf(room, call, { holding, preview, to }));
  if (fingerprintOf(text) !== shown.text) return false;
  await room.cards.switchWay(tx, {
    ...{ id: command, subscription, to, preview, locale: shown.locale },
    ...{ origin: 'client-admin', actor: call.session.msisdn },
    ...(card === undefined ? {} : { card }),
    consent: consentOf(call, { text, shown, now: room.clock.now() }),
  });
  return true;
}
