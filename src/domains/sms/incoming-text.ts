/**
 * A NUL and half an emoji (long texts are cut anywhere) can't be stored. Refusing them would only make the operator
 * send the same again, and the text may be a STOP.
 */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** Whose message it is, as far as it can be told: a number as E.164, and a name (of a service) as it came. */
export function readSender(from: string): string {
  const digits = from.replace(/[\s().+-]/g, '');
  return /^[1-9][0-9]{6,14}$/.test(digits) ? `+${digits}` : storable(from);
}
