import { AmountMinor, Instant, type Static, Type } from '#http';
import { formatMoney } from '#money';
import type { StartConsent } from '#subscriptions/cards/orders';
import type { PricedOffer } from '#subscriptions/cards/plans';
import { fail } from '#subscriptions/errors';
import { priceInWords } from '#subscriptions/terms';
import { text } from './http-shapes.ts';

/** A yes that was given on the merchant's own page: he attests it, and his words are kept. */
export const AttestedConsent = Type.Object({
  text: text(4000, 'what the person read, word for word'),
  price_minor: AmountMinor,
  ip: text(64, 'from where he said yes'),
  user_agent: Type.Optional(text(500)),
  at: Instant,
  evidence: Type.Optional(text(2000, 'what else proves it')),
});

/** Throws `terms_outdated` unless it was given to this price. */
export function toConsent(
  consent: Static<typeof AttestedConsent>,
  { currency, period, priceMinor, title }: PricedOffer,
): StartConsent {
  if (BigInt(consent.price_minor) !== priceMinor)
    throw fail('terms_outdated', `${title} costs ${priceMinor} now: show it again.`, {
      faults: [{ field: 'consent.price_minor', message: `must be ${priceMinor}` }],
    });
  const at = new Date(consent.at);
  return {
    ...{ method: 'api', textShown: consent.text, shownAt: at, confirmedAt: at },
    priceShown: priceInWords(formatMoney({ amountMinor: priceMinor, currency }), period),
    evidence: { ip: consent.ip, userAgent: consent.user_agent, evidence: consent.evidence },
  };
}
