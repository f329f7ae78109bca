import type { Operators } from '#operators';
import type { OutgoingSms } from '#sms';

/** `card` in place of an operator's name: of subscriptions that are paid by card, and of plans that only cards pay. */
export const CARD = 'card';

/** Of a subscription that no operator charges: its number's operator brings it; where that is none of ours, the rules choose. */
export function smsRouteOf(
  msisdn: string,
  { operators, smsSender }: { readonly operators: Operators; readonly smsSender: string },
): Pick<OutgoingSms, 'provider' | 'sender'> {
  const digits = msisdn.slice(1);
  const own = operators
    .all()
    .find(
      ({ plan }) =>
        digits.length === plan.digits && plan.prefixes.some((one) => digits.startsWith(one)),
    );
  return own ? { provider: own.name, sender: own.shortCode } : { sender: smsSender };
}
