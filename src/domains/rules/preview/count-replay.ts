import type { PastRequest } from '#rules/asked-store';
import { COUNTED_DAYS, type KnownFacts } from '#rules/decision';

interface Place {
  readonly message: string;
  readonly at: Date;
}

/** A message that is to be asked about again. */
export interface PutOff {
  readonly row: PastRequest;
  readonly facts: KnownFacts;
  readonly at: Date;
}

/** Counters in memory, and what waits for its moment: for a replay of the past. */
export interface ReplayCounters {
  take(scopes: readonly string[], place: Place): void;
  /** What was counted in these scopes, beside the message itself. */
  of(scopes: readonly string[], asking: Place): ReadonlyMap<string, readonly Date[]>;
  putOff(waiting: PutOff): void;
  /** The earliest whose moment has come, which then waits no longer. */
  nextDue(until: Date): PutOff | undefined;
}

const DAY_MS = 86_400_000;

export function createReplayCounters(): ReplayCounters {
  const places = new Map<string, Place[]>();
  const waiting: PutOff[] = [];
  return {
    take(scopes, place) {
      for (const scope of scopes) {
        const taken = places.get(scope);
        if (taken) taken.push(place);
        else places.set(scope, [place]);
      }
    },
    of(scopes, { at, message }) {
      const since = at.getTime() - COUNTED_DAYS * DAY_MS;
      return new Map(
        scopes.map((scope) => {
          const taken = places.get(scope) ?? [];
          // Places come in the order of time: those in front are forgotten where they can matter no more.
          const alive = taken.findIndex((place) => place.at.getTime() >= since);
          if (alive !== 0) taken.splice(0, alive < 0 ? taken.length : alive);
          return [
            scope,
            taken.filter((place) => place.message !== message).map((place) => place.at),
          ];
        }),
      );
    },
    putOff: (one) => pushHeap(waiting, one),
    nextDue(until) {
      const first = waiting[0];
      return first && first.at <= until ? popHeap(waiting) : undefined;
    },
  };
}

/** A binary heap: a hundred thousand may wait for the same opening of a window. */
function pushHeap(heap: PutOff[], one: PutOff): void {
  let index = heap.push(one) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    if (at(heap, above) <= at(heap, index)) return;
    swap(heap, above, index);
    index = above;
  }
}

function popHeap(heap: PutOff[]): PutOff | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (heap.length === 0 || !last) return first;
  heap[0] = last;
  for (let index = 0; ; ) {
    const left = index * 2 + 1;
    const right = left + 1;
    const least = right < heap.length && at(heap, right) < at(heap, left) ? right : left;
    if (left >= heap.length || at(heap, index) <= at(heap, least)) return first;
    swap(heap, index, least);
    index = least;
  }
}

const at = (heap: readonly PutOff[], index: number) => heap[index]?.at.getTime() ?? 0;

function swap(heap: PutOff[], one: number, other: number): void {
  [heap[one], heap[other]] = [heap[other] as PutOff, heap[one] as PutOff];
}
