import type { Operator, Operators } from '#operators';
import type { OutgoingSms } from '#sms';

/** `card` in place of an operator's name: of subscriptions that are paid by card, and of plans that only cards pay. */
export const CARD = 'card';

/**
 * Who brings a text about a subscription: the operator that charges it. Where a card pays, it is the operator of the number; where that
 * is none of ours, the rules choose.
 */
export function smsRouteOf(
  { msisdn, operator }: { readonly msisdn: string; readonly operator: string },
  { operators, smsSender }: { readonly operators: Operators; readonly smsSender: string },
): Pick<OutgoingSms, 'provider' | 'sender'> {
  if (operator !== CARD) return { provider: operator, sender: operators.get(operator).shortCode };
  const own = operatorOf(operators, msisdn);
  return own ? { provider: own.name, sender: own.shortCode } : { sender: smsSender };
}

/** Whose number it is by its first digits, among our operators. */
export function operatorOf(
  operators: Pick<Operators, 'all'>,
  msisdn: string,
): Operator | undefined {
  const digits = msisdn.slice(1);
  return operators
    .all()
    .find(
      ({ plan }) =>
        digits.length === plan.digits && plan.prefixes.some((one) => digits.startsWith(one)),
    );
}
