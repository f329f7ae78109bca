import type { Clock } from '#clock';
import type { StartConsent } from '#subscriptions/cards';
import type { Locale } from '#subscriptions/speech';
import { type AgreedText, shownText } from './agreed-text.ts';
import { deviceOf } from './cookies.ts';
import { fail } from './errors.ts';
import type { FormOf } from './form-token.ts';
import type { Call } from './room.ts';

/** A yes as its form brings it: to exactly what was shown, once. */
export type Agreement = FormOf & Required<Pick<FormOf, 'command' | 'shown'>>;

/** For the token of the form: what stands beside its button, in which language, since when. */
export function sealShown(locale: Locale, text: string, clock: Clock): Agreement['shown'] {
  return { text, locale, atMs: clock.nowMs() };
}

/** Throws as `call.form` does. */
export function agreedIn(call: Call, action: string): Agreement {
  const form = call.form(action, call.param('id'));
  const { command, shown } = form;
  if (command === undefined || shown === undefined)
    throw fail('form_incomplete', 'The form does not say what was shown. Open the page again.');
  return { ...form, command, shown };
}

/** The consent that is kept: the words that were read, in their language, and who pressed the button where. */
export function consentOf(
  { request }: Call,
  about: {
    readonly text: AgreedText;
    readonly shown: Agreement['shown'];
    readonly now: Date;
  },
): StartConsent {
  const { now, shown, text } = about;
  const { address, userAgent } = deviceOf(request);
  return {
    ...{ method: 'cabinet', textShown: shownText(text), priceShown: text.price },
    evidence: { address, userAgent, signedIn: true, pressed: text.button },
    ...{ shownAt: new Date(shown.atMs), confirmedAt: now },
  };
}
