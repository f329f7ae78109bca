/** Words by which people say that it is to end; compared without case, spaces and punctuation. */
const STOP_WORDS = new Set([
  'stop',
  'stopall',
  'end',
  'cancel',
  'unsubscribe',
  'unsub',
  'quit',
  'off',
  'стоп',
]);

/** True when a message asks to stop: its first word is one of the words, or all of it is (`STOP ALL`). */
export function isStop(text: string): boolean {
  const bare = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s]/gu, '')
    .trim();
  const [first = ''] = bare.split(/\s+/);
  return STOP_WORDS.has(first) || STOP_WORDS.has(bare.replace(/\s+/g, ''));
}
