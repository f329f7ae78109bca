import type { Clock } from '#clock';
import { afterCommit, type Executor, type Tx } from '#database';
import { must } from '#errors';
import type { Metrics } from '#metrics';
import {
  COUNTED_DAYS,
  type Decision,
  evaluate,
  type KnownFacts,
  type RuleRequest,
  scopesOf,
} from '#rules/decision';
import { insertAsked } from './asked-store.ts';
import {
  deletePlaces,
  insertPlaces,
  insertScopes,
  lockScopes,
  type Place,
  readPlaces,
} from './count-store.ts';
import { gatherFacts } from './gather-facts.ts';
import type { Knowledge } from './knowledge.ts';
import { askedRow } from './record-asked.ts';

/** Decisions, and the places in counters that go with them. */
export interface Deciding {
  /**
   * What sending would do now; reserves nothing. One decision per request, in order. `textless`: rules about the text are
   * not asked, for whoever has none.
   */
  check(
    executor: Executor,
    requests: readonly RuleRequest[],
    options?: { readonly textless?: boolean },
  ): Promise<readonly Decision[]>;
  /**
   * Decides message after message in their order and, for each `send`, takes its places in the counters, atomically over
   * all copies, in the caller's transaction: until it ends, others who need the same counters wait. A message that is
   * asked about again counts once.
   */
  reserve(tx: Tx, requests: readonly RuleRequest[]): Promise<readonly Decision[]>;
  /**
   * Gives places back. `not_sent`: of messages that certainly did not leave. `undelivered`: only where a law counts what
   * was delivered.
   */
  release(tx: Tx, messages: readonly string[], because?: 'not_sent' | 'undelivered'): Promise<void>;
}

/** Of one call: they hold their locks together. */
export const REQUESTS_MAX = 5000;
/** A scope that its purge has removed is made again; twice in one moment would be a wonder. */
const LOCK_TRIES_MAX = 5;
const DAY_MS = 86_400_000;

export function createDeciding(options: {
  readonly clock: Clock;
  readonly metrics: Metrics | undefined;
  readonly current: () => Knowledge;
}): Deciding {
  const { clock, current, metrics } = options;
  const decided = metrics?.counter(
    'kopek_rule_decisions_total',
    'Decisions of the sending rules about messages that were to be sent',
    ['outcome', 'code'],
  );

  function tell(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const code = decision.outcome === 'reject' ? decision.code : '';
      decided?.inc({ outcome: decision.outcome, code });
    }
  }

  return {
    async check(executor, requests, { textless = false } = {}) {
      const now = clock.now();
      const asking = await ask(executor, requests, { knowledge: current(), textless });
      const counters = await readCounters(executor, { ...asking, now });
      return asking.known.map((one) =>
        evaluate(one.request, { ...one.facts, counted: counters.of(one) }, now),
      );
    },
    async reserve(tx, requests) {
      const { asking, ids } = await askLocked(tx, requests, {
        knowledge: current(),
        textless: false,
      });
      // Whoever had to wait for its place decides by the moment at which it has it.
      const now = clock.now();
      const counters = await readCounters(tx, { ...asking, now });
      const decisions = asking.known.map((one) => {
        const decision = evaluate(one.request, { ...one.facts, counted: counters.of(one) }, now);
        if (decision.outcome === 'send') counters.take(one.request, { decision, now });
        return decision;
      });
      await insertPlaces(tx, counters.taken(), ids);
      await insertAsked(
        tx,
        decisions.map((decision, index) =>
          askedRow({ request: requests[index] as RuleRequest, decision, now }),
        ),
      );
      afterCommit(tx, () => tell(decisions));
      return decisions;
    },
    async release(tx, messages, because = 'not_sent') {
      await deletePlaces(tx, messages, { onlyDelivered: because === 'undelivered' });
    },
  };
}

interface Asking {
  readonly known: readonly {
    readonly request: RuleRequest;
    readonly facts: KnownFacts;
    readonly scopes: readonly string[];
  }[];
  /** Sorted, each once. */
  readonly scopes: readonly string[];
  readonly placesMost: number;
}

async function ask(
  executor: Executor,
  requests: readonly RuleRequest[],
  of: { readonly knowledge: Knowledge; readonly textless: boolean },
): Promise<Asking> {
  must(requests.length <= REQUESTS_MAX, `the rules are asked about ${REQUESTS_MAX} at once`);
  const known = (await gatherFacts(executor, requests, of)).map(({ facts, request }) => ({
    ...{ request, facts, scopes: scopesOf(request, facts) },
  }));
  const scopes = new Set(known.flatMap((one) => one.scopes));
  const limits = known.flatMap(({ facts }) => facts.overrides.map(({ limit = 0 }) => limit));
  const placesMost = Math.max(of.knowledge.placesMost, ...limits.map((limit) => limit + 1));
  return { known, scopes: [...scopes].sort(), placesMost };
}

/**
 * Locks the counters first and learns the facts then: a STOP may be committed while others are waited for. Should it need
 * other counters by then (an agreement has changed), those are locked too.
 */
async function askLocked(
  tx: Tx,
  requests: readonly RuleRequest[],
  of: { readonly knowledge: Knowledge; readonly textless: boolean },
): Promise<{ readonly asking: Asking; readonly ids: ReadonlyMap<string, bigint> }> {
  let asking = await ask(tx, requests, of);
  let ids: ReadonlyMap<string, bigint> = new Map();
  for (let tries = 0; asking.scopes.some((scope) => !ids.has(scope)); tries += 1) {
    must(tries < LOCK_TRIES_MAX, 'what a message is counted by does not change all the time');
    ids = await lockAll(tx, [...new Set([...ids.keys(), ...asking.scopes])].sort());
    asking = await ask(tx, requests, of);
  }
  return { asking, ids };
}

/** Nobody else counts in these scopes until the transaction ends. No scope: no statement. */
async function lockAll(tx: Tx, scopes: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
  let ids: ReadonlyMap<string, bigint> = new Map();
  for (let tries = 0; ids.size < scopes.length; tries += 1) {
    must(tries < LOCK_TRIES_MAX, 'a scope that was made is there to be locked');
    await insertScopes(tx, scopes);
    ids = await lockScopes(tx, scopes);
  }
  return ids;
}

interface Counters {
  /** What was counted beside the message itself. */
  of(one: Asking['known'][number]): ReadonlyMap<string, readonly Date[]>;
  take(
    request: RuleRequest,
    as: { readonly decision: Decision & { readonly outcome: 'send' }; readonly now: Date },
  ): void;
  /** Each place once. */
  taken(): readonly Place[];
}

async function readCounters(
  executor: Executor,
  asking: Asking & { readonly now: Date },
): Promise<Counters> {
  const { now, placesMost, scopes } = asking;
  const since = new Date(now.getTime() - COUNTED_DAYS * DAY_MS);
  const rows =
    scopes.length === 0 ? [] : await readPlaces(executor, { scopes, since, most: placesMost });
  const places = new Map<string, { readonly message: string; readonly at: Date }[]>(
    rows.map(({ at_ms, messages, scope }) => [
      scope,
      messages.map((message, index) => ({ message, at: new Date(at_ms[index] ?? 0) })),
    ]),
  );
  const taken = new Map<string, Place>();
  return {
    of: ({ request, scopes: needed }) =>
      new Map(
        needed.map((scope) => [
          scope,
          (places.get(scope) ?? [])
            .filter(({ message }) => message !== request.message)
            .map(({ at }) => at),
        ]),
      ),
    take({ message }, { decision, now: at }) {
      for (const { givenBack, scope } of decision.scopes) {
        const place = { scope, message, at, onlyDelivered: givenBack === 'undelivered' };
        taken.set(`${message}\n${scope}`, place);
        const others = places.get(scope) ?? [];
        places.set(scope, [...others, { message, at }]);
      }
    },
    taken: () => [...taken.values()],
  };
}
