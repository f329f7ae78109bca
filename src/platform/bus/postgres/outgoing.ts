import { AppError } from '#errors';
import { uuidV7 } from '#ids';
import type { Outgoing, Parcel } from '../bus.ts';
import type { MessageInput } from './store.ts';

/** A message is a fact or an order, not a file. */
const MESSAGE_BYTES_MAX = 1_048_576;
const KEY_LENGTH_MAX = 200;

/** Checks a message and gives it the form in which the store takes it. Throws an `AppError` that names the topic. */
export function toInput(
  topic: Parcel['topic'],
  message: Outgoing<unknown>,
  nowMs: number,
): MessageInput {
  const { key, priority = 0 } = message;
  if (priority < 0 || priority >= topic.priorities) {
    throw new AppError('internal', 'priority_unknown', `${topic.name} has no priority ${priority}`);
  }
  if (topic.ordered && message.notBefore) {
    throw new AppError(
      'internal',
      'delay_unknown',
      `${topic.name} is ordered: its messages can't be delayed`,
    );
  }
  if (key.length > KEY_LENGTH_MAX) {
    throw new AppError(
      'invalid',
      'key_too_long',
      `a key of ${topic.name} has over ${KEY_LENGTH_MAX} letters`,
    );
  }
  return {
    o: topic.name,
    i: message.id ?? uuidV7(nowMs),
    k: key,
    s: topic.priorities - 1 - priority,
    r: message.traceparent,
    d: message.notBefore?.toISOString(),
    p: message.payload,
  };
}

// What JSON.stringify writes as \u…, and PostgreSQL's json refuses: the letter NUL, and half of a pair.
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
const ESCAPE = /\\(?:u0000|u(d[89a-f][0-9a-f]{2})|.)/g;

/** The parameter of the store: all messages as one JSON text. */
export function toJson(messages: readonly MessageInput[]): string {
  const json = stringify(messages);
  if (Buffer.byteLength(json) > MESSAGE_BYTES_MAX) refuseLarge(messages);
  if (!UNSTORABLE.test(json)) return json;
  return json.replace(ESCAPE, (found, half) =>
    half ? '\ufffd' : found === '\\u0000' ? '' : found,
  );
}

// In Node 24, not yet in TypeScript's library.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** Amounts are bigint in code and integers in JSON. Most messages have none, and a replacer is dear. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, one) =>
      typeof one === 'bigint' ? rawJSON(one.toString()) : one,
    );
  }
}

function refuseLarge(messages: readonly MessageInput[]): void {
  for (const message of messages) {
    const bytes = Buffer.byteLength(stringify(message.p) ?? 'null');
    if (bytes > MESSAGE_BYTES_MAX) {
      throw new AppError(
        'too_large',
        'message_too_large',
        `a message of ${message.o} has ${bytes} bytes; at most ${MESSAGE_BYTES_MAX} are carried`,
      );
    }
  }
}
