/**
 * Words by which people say that it is to end; compared without case, spaces and punctuation. Those of 47 CFR 64.1200
 * (a)(10) are all among them, and what Russians and Frenchmen write.
 */
const STOP_WORDS = new Set([
  ...['stop', 'stopall', 'end', 'cancel', 'unsubscribe', 'unsub', 'quit', 'off'],
  ...['revoke', 'optout', 'стоп', 'отписка', 'отписаться', 'отпишите', 'arret', 'arrêt'],
]);

/** True when a message asks to stop: its first word is one of the words, its first two are (`opt out`), or all of it is. */
export function isStop(text: string): boolean {
  const bare = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, '')
    .trim();
  const words = bare.split(/\s+/);
  const asked = [words.slice(0, 1), words.slice(0, 2), words];
  return asked.some((some) => STOP_WORDS.has(some.join('')));
}
