import { isTransient } from '#database';
import { eventKey, type StoryEvent } from '#reports';

const POLL_INTERVAL_MS = 250;
/** A database that restarts is back by then; one that stays away was stopped. */
const PATIENCE_MS = 5000;
/** Keys that are remembered: many times what one poll reads. */
const REMEMBERED_MOST = 20_000;

export interface LiveOptions<Event> {
  /** Reads the newest events in order; more than can come between two polls. */
  readonly read: () => Promise<readonly Event[]>;
  readonly print: (event: Event) => void;
  readonly signal: AbortSignal;
}

/**
 * Prints each event once, in order, until `signal`. Topics are written down side by side, so an event may be
 * seen before an earlier one: what is new waits for one more poll. Answers false when the database stayed away.
 */
export async function printLive<Event extends StoryEvent>(
  options: LiveOptions<Event>,
): Promise<boolean> {
  const printed = new Set<string>();
  let seen: ReadonlySet<string> | undefined;
  let lostMs: number | undefined;
  while (!options.signal.aborted) {
    try {
      const events = (await options.read()).filter((event) => !printed.has(eventKey(event)));
      const known = seen;
      const ready = events.findLastIndex((event) => !known || known.has(eventKey(event))) + 1;
      for (const event of events.slice(0, ready)) {
        options.print(event);
        printed.add(eventKey(event));
      }
      seen = new Set(events.map(eventKey));
      forgetOldest(printed);
      lostMs = undefined;
    } catch (error) {
      if (!isTransient(error)) throw error;
      lostMs ??= performance.now();
      if (performance.now() - lostMs > PATIENCE_MS) return false;
    }
    await pause(options.signal);
  }
  return true;
}

function forgetOldest(keys: Set<string>): void {
  for (const key of keys) {
    if (keys.size <= REMEMBERED_MOST) return;
    keys.delete(key);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, POLL_INTERVAL_MS);
    signal.addEventListener('abort', end);
  });
}
