import { isTransient } from '#database';
import { AppError } from '#errors';

/** Turns many waiting callers into one statement: each is answered after the commit that holds its item. */
export interface Batcher<Item, Result> {
  /** Throws `overloaded` when too many wait already: better refused at once than answered too late. */
  add(item: Item): Promise<Result>;
  /** Resolves when everything that was added has been answered. */
  drain(): Promise<void>;
}

export interface BatcherOptions<Item, Result> {
  /** Does the work of all items in one transaction and answers for each, in their order. */
  readonly flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly itemsMax?: number;
  /** How many of `itemsMax` an item counts for; 1 each unless told. One that is larger than all goes alone. */
  readonly sizeOf?: (item: Item) => number;
  readonly flushesInFlight?: number;
  readonly waitingMax?: number;
  /**
   * While sets are large the next one gathers for so long after the one before it: a set costs much the same for ten items as
   * for twenty. Nothing waits in an idle house. 0 unless told.
   */
  readonly gatherMs?: number;
}

const ITEMS_MAX = 500;
const WAITING_MAX = 20_000;
/** While one flush commits the next one is already being written: more only adds contention. */
const FLUSHES_IN_FLIGHT = 2;
/** Sets from this size on are large. */
const MANY = 8;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** A flush takes what gathered during the one before it, so an idle house answers at once. */
export function createBatcher<Item, Result>(
  options: BatcherOptions<Item, Result>,
): Batcher<Item, Result> {
  const itemsMax = options.itemsMax ?? ITEMS_MAX;
  const flushesMax = options.flushesInFlight ?? FLUSHES_IN_FLIGHT;
  const waitingMax = options.waitingMax ?? WAITING_MAX;
  let waiting: Waiting<Item, Result>[] = [];
  let flushing = 0;
  let scheduled = false;
  let gathersUntilMs = 0;
  let drained: (() => void)[] = [];

  function schedule(): void {
    if (scheduled || waiting.length === 0 || flushing >= flushesMax) return;
    scheduled = true;
    const flush = () => {
      scheduled = false;
      void flushNext();
    };
    const restMs = waiting.length < itemsMax ? gathersUntilMs - performance.now() : 0;
    // After this turn of the loop: whatever arrives in the same turn goes along.
    if (restMs > 0) setTimeout(flush, restMs);
    else setImmediate(flush);
  }

  function countNext(): number {
    const { sizeOf } = options;
    if (!sizeOf) return itemsMax;
    let size = 0;
    const end = waiting.findIndex(({ item }) => {
      size += sizeOf(item);
      return size > itemsMax;
    });
    return end === -1 ? waiting.length : Math.max(1, end);
  }

  async function flushNext(): Promise<void> {
    const batch = waiting.slice(0, countNext());
    waiting = waiting.slice(batch.length);
    flushing += 1;
    schedule();
    await settle(batch, options.flush);
    flushing -= 1;
    if (batch.length >= MANY) gathersUntilMs = performance.now() + (options.gatherMs ?? 0);
    schedule();
    if (flushing === 0 && waiting.length === 0) {
      for (const resolve of drained) resolve();
      drained = [];
    }
  }

  return {
    add(item) {
      if (waiting.length >= waitingMax) {
        return Promise.reject(
          new AppError(
            'limited',
            'overloaded',
            'Too much is waiting to be stored. Try again in a moment.',
          ),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        schedule();
      });
    },
    drain() {
      if (flushing === 0 && waiting.length === 0) return Promise.resolve();
      return new Promise((resolve) => drained.push(resolve));
    },
  };
}

/** One bad item never fails its neighbours: a batch that can't be stored is tried in halves. */
async function settle<Item, Result>(
  batch: readonly Waiting<Item, Result>[],
  flush: BatcherOptions<Item, Result>['flush'],
): Promise<void> {
  try {
    const results = await flush(batch.map((one) => one.item));
    for (const [index, one] of batch.entries()) one.resolve(results[index] as Result);
  } catch (error) {
    if (batch.length === 1 || isTransient(error)) {
      for (const one of batch) one.reject(error);
      return;
    }
    const middle = Math.ceil(batch.length / 2);
    await settle(batch.slice(0, middle), flush);
    await settle(batch.slice(middle), flush);
  }
}
