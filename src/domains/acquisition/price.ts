import type { Speech } from '#subscriptions/speech';

/** `PKR 5.00 a day` */
export function priceOf(
  of: { readonly priceMinor: bigint; readonly currency: string; readonly period: string },
  speech: Speech,
): string {
  const amount = speech.money(of.priceMinor, of.currency);
  return speech.say('pay.price', { amount, interval: speech.interval(of.period) });
}
