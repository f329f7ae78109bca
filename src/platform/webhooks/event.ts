import { must } from '#errors';
import { isEventType } from './endpoint.ts';

/** Something that has happened, to be told to whoever asked for it. */
export interface WebhookEvent {
  /**
   * Stable: enqueued again under the same id it goes nowhere twice. It is the header `webhook-id`, by which a receiver knows
   * what it has had; letters, digits, `_` and `-`.
   */
  readonly id: string;
  /** Whose event it is: endpoints of this scope hear of it. */
  readonly scope: string;
  /** Such as `message.delivered`: groups before a dot can be asked for as `message.*`. */
  readonly type: string;
  /**
   * What the order is kept by at each endpoint: of one key the next goes out only after the one before. Whoever
   * enqueues events of one key in several transactions holds a lock of its own on what the key names: the order is theirs.
   */
  readonly key: string;
  readonly occurredAt: Date;
  /** Becomes JSON; a bigint becomes an integer with all its digits. */
  readonly data: unknown;
  /** This one goes to this URL too, whatever endpoints there are (`readReceiverUrl` has taken it). */
  readonly callbackUrl?: string;
}

/** What an index of ours can hold beside the rest, and far more than a name needs. */
const NAME_LENGTH_MAX = 200;
/** The specification advises 20 kB; what is larger is better fetched by its receiver. */
const BODY_LENGTH_MAX = 256 * 1024;
const EVENT_ID = /^[A-Za-z0-9_-]{1,100}$/;

/** The body, as small as it gets. What is signed is what is stored, so it is written once and never again. */
export function bodyOf({ data, id, key, occurredAt, type }: WebhookEvent): string {
  // A dot in it would let one content be read as another under the same signature.
  must(EVENT_ID.test(id), `${id} is an id of an event`);
  must(isEventType(type) && type.length <= NAME_LENGTH_MAX, `${type} is a type of an event`);
  must(
    key !== '' && key.length <= NAME_LENGTH_MAX,
    `an event's key has 1 to ${NAME_LENGTH_MAX} letters`,
  );
  const body = stringify({ type, timestamp: occurredAt, data });
  must(
    body.length <= BODY_LENGTH_MAX,
    `the body of an event has at most ${BODY_LENGTH_MAX} letters`,
  );
  return body;
}

/** Most data have no bigint, and a replacer is dear. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'bigint' ? JSON.rawJSON(String(member)) : member,
    );
  }
}
