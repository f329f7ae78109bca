import { laneOf } from '#bus/key-hash';
import { type NewMessage, PARCEL_SEPARATOR, SEPARATOR } from '#bus/store';
import { AppError } from '#errors';
import { uuidV7 } from '#ids';
import type { Outgoing, Parcel } from './bus.ts';

/** A message is a fact or an order, not a file. */
const MESSAGE_BYTES_MAX = 1_048_576;
const KEY_LENGTH_MAX = 200;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Checks a message and gives it the form in which the store takes it. Throws an `AppError` that names the topic. */
export function toNewMessage(
  topic: Parcel['topic'],
  message: Outgoing<unknown>,
  nowMs: number,
): NewMessage {
  const { id, priority = 0, notBefore, traceparent } = message;
  if (!Number.isInteger(priority) || priority < 0 || priority >= topic.priorities) {
    throw new AppError('internal', 'priority_unknown', `${topic.name} has no priority ${priority}`);
  }
  if (topic.ordered && notBefore) {
    const why = `${topic.name} is ordered: its messages can't be delayed`;
    throw new AppError('internal', 'delay_unknown', why);
  }
  if (id !== undefined && !UUID.test(id)) {
    throw new AppError('invalid', 'id_malformed', `an id of ${topic.name} is a UUID, not ${id}`);
  }
  return {
    topic: topic.name,
    id: id ?? uuidV7(nowMs),
    key: checkKey(topic.name, message.key),
    slot: topic.priorities - 1 - priority,
    lane: topic.ordered ? laneOf(message.key) : undefined,
    // It comes from outside: one that is none starts a new trace.
    traceparent: traceparent && TRACEPARENT.test(traceparent) ? traceparent : undefined,
    dueAt: notBefore,
    payload: toJson(topic.name, message.payload),
  };
}

const NO_KEY_LETTER = new RegExp(`[\\0${SEPARATOR}${PARCEL_SEPARATOR}]`);

function checkKey(topic: string, key: string): string {
  if (key.length > KEY_LENGTH_MAX) {
    const why = `a key of ${topic} has over ${KEY_LENGTH_MAX} letters`;
    throw new AppError('invalid', 'key_too_long', why);
  }
  if (key === '' || NO_KEY_LETTER.test(key) || !key.isWellFormed()) {
    throw new AppError('invalid', 'key_malformed', `a key of ${topic} is empty or is no text`);
  }
  return key;
}

function toJson(topic: string, payload: unknown): string {
  const json = stringify(payload);
  // A letter of JavaScript has at most three bytes: only what may be too large is counted.
  const bytes = json.length * 3 > MESSAGE_BYTES_MAX ? Buffer.byteLength(json) : 0;
  if (bytes > MESSAGE_BYTES_MAX) {
    const why = `a message of ${topic} has ${bytes} bytes; at most ${MESSAGE_BYTES_MAX} are carried`;
    throw new AppError('too_large', 'message_too_large', why);
  }
  return storableJson(json);
}

/** JSON without what PostgreSQL can't read. */
export function storableJson(json: string): string {
  return UNSTORABLE.test(json) ? replaceUnstorable(json) : json;
}

// In Node 24, not yet in TypeScript's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Amounts are bigint in code and integers in JSON. Most messages have none, and a replacer is dear. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, one) =>
      typeof one === 'bigint' ? rawJSON(one.toString()) : one,
    );
  }
}

// What JSON.stringify writes as \u…, and PostgreSQL's json can't read: the letter NUL, and half of a pair.
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
const ESCAPE = /\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g;

function replaceUnstorable(json: string): string {
  return json.replace(ESCAPE, (found) =>
    found === '\\u0000' ? '' : found.startsWith('\\ud') ? '\ufffd' : found,
  );
}
