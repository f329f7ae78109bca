import type { Answer, Json } from './answer.ts';

/** What must not be read in a log: the text of a message and whatever proves who we are. */
export interface Hidden {
  readonly body: string;
  readonly secrets: readonly string[];
}

const BLOT = '•••';
const LOG_LETTERS_MAX = 500;
/** Under these names providers give the text back. */
const TEXT_NAMES = new Set(['text', 'body', 'mes', 'msg', 'message_text', 'content']);
/** A shorter piece of a text tells nothing, unless it has the digits of a PIN. */
const TELLING_LETTERS = 8;
const PIN_DIGITS = /\d{4}/;
const SECRET_LETTERS_MIN = 4;

/**
 * An answer for the log. Only what was understood as JSON is shown, after its escapes are undone: in any other form a
 * text could hide from a search for it.
 */
export function redactAnswer(answer: Answer, hidden: Hidden): string {
  if (answer.json === undefined) return `not JSON, ${answer.body.length} letters`;
  return JSON.stringify(redactJson(answer.json, hidden)).slice(0, LOG_LETTERS_MAX);
}

function redactJson(json: Json, hidden: Hidden): Json {
  if (typeof json === 'string') return redactText(json, hidden);
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => redactJson(item, hidden));
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      redactText(name, hidden),
      TEXT_NAMES.has(name.toLowerCase()) && typeof value === 'string'
        ? BLOT
        : redactJson(value ?? null, hidden),
    ]),
  );
}

export function redactText(text: string, { body, secrets }: Hidden): string {
  let shown = body === '' ? text : text.replaceAll(body, BLOT);
  for (const secret of secrets) {
    if (secret.length >= SECRET_LETTERS_MIN) shown = shown.replaceAll(secret, BLOT);
  }
  const telling = shown.length >= TELLING_LETTERS || PIN_DIGITS.test(shown);
  return telling && body.includes(shown) ? BLOT : shown;
}

/** Every text among the secrets, and the forms in which they travel. */
export function secretTexts(secrets: unknown): readonly string[] {
  if (typeof secrets === 'string') return [secrets, encodeURIComponent(secrets)];
  if (typeof secrets !== 'object' || secrets === null) return [];
  return Object.values(secrets).flatMap(secretTexts);
}
