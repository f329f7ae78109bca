import type { SwitchPreview } from '#subscriptions/cards';
import { sayCard } from '#subscriptions/pages';
import type { Speech } from '#subscriptions/speech';
import type { AgreedText } from './agreed-text.ts';

type Possible = Extract<SwitchPreview, { readonly possible: true }>;

export interface SwitchFacts {
  readonly to: 'phone' | 'card';
  readonly preview: Possible;
  readonly now: Date;
  /** As much of the number as its holder knows it by. */
  readonly number: string;
  readonly terms: string | undefined;
}

/** What the other way of paying comes to: what is charged when, to what, and the words that are agreed to. */
export function switchOffer(speech: Speech, facts: SwitchFacts): AgreedText {
  const { preview, terms, to } = facts;
  const { say } = speech;
  const { closesBill, offer } = preview;
  const day = dayOf(speech, facts);
  const price = say('pay.price', {
    amount: speech.money(offer.priceMinor, offer.currency),
    interval: speech.interval(offer.period),
  });
  const notes = [
    ...(day === undefined ? [] : [say('switch.kept', { day })]),
    ...(closesBill ? [say('switch.closes_bill')] : []),
    say(to === 'card' ? 'switch.no_phone' : 'switch.no_card'),
  ];
  return {
    ...{ title: say(`switch.to_${to}`, { title: offer.title }), price, terms, notes },
    ...(to === 'card' ? byCard(speech, facts, price) : byPhone(speech, facts, price)),
  };
}

/** Undefined: at once. */
function dayOf(speech: Speech, { now, preview }: SwitchFacts): string | undefined {
  const { startsAt, timeZone } = preview;
  return startsAt > now ? speech.day(startsAt, timeZone) : undefined;
}

type ByWay = Pick<AgreedText, 'button' | 'consent' | 'facts'>;

function byCard(speech: Speech, facts: SwitchFacts, price: string): ByWay {
  const { say } = speech;
  const { card, firstMinor, offer } = facts.preview;
  const day = dayOf(speech, facts);
  const first = speech.money(firstMinor, offer.currency);
  const name = card && sayCard(card);
  return {
    facts: [
      [say('switch.price'), price],
      [say('switch.first'), first],
      [say('switch.on'), day ?? say(card ? 'switch.at_once' : 'switch.with_the_card')],
      [say('fact.charged_to'), name ?? say('switch.card_to_come')],
    ],
    consent: sayCardConsent(speech, { card: name, day, first, price }),
    button: say(card ? 'switch.agree_card' : 'switch.agree_new_card'),
  };
}

function sayCardConsent(
  { say }: Speech,
  about: {
    readonly card: string | undefined;
    readonly day: string | undefined;
    readonly first: string;
    readonly price: string;
  },
): string {
  const { card, day, first, price } = about;
  if (card === undefined) return say('switch.consent_new_card', { first, price });
  return day === undefined
    ? say('switch.consent_card_now', { card, first, price })
    : say('switch.consent_card', { card, day, first, price });
}

function byPhone(speech: Speech, facts: SwitchFacts, price: string): ByWay {
  const { say } = speech;
  const { number } = facts;
  const day = dayOf(speech, facts);
  return {
    facts: [
      [say('switch.price'), price],
      [say('switch.on'), day ?? say('switch.at_once')],
      [say('fact.charged_to'), say('switch.balance_of', { number })],
    ],
    consent:
      day === undefined
        ? say('switch.consent_phone_now', { number, price })
        : say('switch.consent_phone', { day, number, price }),
    button: say('switch.agree_phone'),
  };
}
