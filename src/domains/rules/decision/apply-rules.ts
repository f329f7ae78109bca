import type { Place } from '#rules/local-time';
import type { KnownFacts } from './facts.ts';
import { type Located, locateRecipient } from './locate-recipient.ts';
import { holds, type PredicateFacts, type Scalar } from './predicate.ts';
import type { RuleRequest } from './request.ts';
import type { Rule, RuleKind, RuleOf } from './rule-set.ts';
import type { ReadyRule, ReadySet, Rulebook } from './rulebook.ts';
import { scopeNames } from './scope-names.ts';

/** A rule that applies, at those of the candidate places at which it does. */
export interface AppliedRule<Applied extends Rule = Rule> {
  readonly ready: ReadyRule;
  readonly rule: Applied;
  readonly places: readonly Place[];
  /**
   * Switches with which it would not apply, or not at the same places, if they stood otherwise: `set/name: value`.
   * Asked for only where it matters to somebody: most rules just pass.
   */
  switches(): readonly string[];
  /** Of a rule that counts: its counters, and whether a place is given back after a message that was not delivered. */
  readonly counting?: Counting;
}

interface Counting {
  readonly scopes: readonly string[];
  readonly givesBackUndelivered: boolean;
}

export interface AppliedRules {
  readonly rules: readonly AppliedRule[];
  /** Rules that do not apply because a switch is not at its strict value. */
  readonly silenced: readonly { readonly ready: ReadyRule; readonly switches: readonly string[] }[];
  /** Where the recipient was looked for, by set. */
  readonly located: ReadonlyMap<ReadySet, Located>;
}

/** Picks the rules of one kind. */
export function rulesOf<Kind extends RuleKind>(
  rules: readonly AppliedRule[],
  kind: Kind,
): readonly AppliedRule<RuleOf<Kind>>[] {
  return rules.filter((one): one is AppliedRule<RuleOf<Kind>> => one.rule.kind === kind);
}

/**
 * Which rules of all active sets apply to a message, whenever their sets are in force. Where the place is not known for
 * sure, a rule applies if it does at any candidate. Sets that have ended by `endedMs` are left out.
 */
export function applyRules(
  request: RuleRequest,
  facts: KnownFacts,
  endedMs = Number.NEGATIVE_INFINITY,
): AppliedRules {
  const before = applied.get(request);
  const hasEnded = facts.rulebook.sets.some(({ toMs }) => toMs <= endedMs);
  if (before && !hasEnded && isSame(before.facts, facts)) return before.rules;
  const rules = applyNow(request, facts, endedMs);
  if (!hasEnded) applied.set(request, { facts, rules });
  return rules;
}

/** Asked first for the counters of a message and then for the decision about it: found once. */
const applied = new WeakMap<
  RuleRequest,
  { readonly facts: KnownFacts; readonly rules: AppliedRules }
>();

const isSame = (one: KnownFacts, other: KnownFacts) =>
  one.rulebook === other.rulebook &&
  one.entity === other.entity &&
  one.suppressions === other.suppressions &&
  one.consents === other.consents &&
  one.overrides === other.overrides;

function applyNow(request: RuleRequest, facts: KnownFacts, endedMs: number): AppliedRules {
  const rules: AppliedRule[] = [];
  const silenced: { ready: ReadyRule; switches: readonly string[] }[] = [];
  const located = new Map<ReadySet, Located>();
  const byPolicy = new Map<string, Located>();
  for (const set of facts.rulebook.sets) {
    if (set.toMs <= endedMs) continue;
    const asker = new Asker(request, facts, set);
    let where = byPolicy.get(set.localTimeKey);
    if (!where) {
      const { localTime } = set;
      const found = locateRecipient(request, facts, { localTime, asked: asker.at(undefined) });
      where = { ...found, switches: found.switches.map(asker.say) };
      byPolicy.set(set.localTimeKey, where);
    }
    const { places: all } = where;
    if (!mayApply(set, { asker, places: all })) continue;
    for (const ready of set.rules) {
      const places = asker.placesOf(ready, all);
      const deciding = (names: readonly string[]) =>
        asker.decidingSwitches(ready, { names, all, places }).map(asker.say);
      if (places.length > 0) {
        located.set(set, where);
        rules.push({
          ...{ ready, rule: ready.rule, places, ...asker.counting(ready.rule) },
          switches: () => deciding(ready.switches),
        });
      } else {
        const relaxed = deciding(ready.switches.filter((name) => asker.isRelaxed(name)));
        if (relaxed.length > 0) silenced.push({ ready, switches: relaxed });
      }
    }
  }
  return { rules, silenced, located };
}

/** Most sets are of other countries or classes: they are left after one question. */
function mayApply(
  set: ReadySet,
  { asker, places }: { asker: Asker; places: readonly Place[] },
): boolean {
  if (set.asksSwitch) return true;
  return places.some((place) => asker.isIn(place));
}

/** The value of a switch: the entity's, else the version's, else the strict one. */
export function switchValue(set: ReadySet, name: string, facts: KnownFacts): string {
  const known = set.switches.get(name);
  if (!known) return '';
  const chosen = facts.entity?.switches[`${set.id}/${name}`];
  if (chosen !== undefined && known.values.includes(chosen)) return chosen;
  return known.value ?? known.values[0] ?? '';
}

/** Answers what predicates ask about one request and the rules of one set. */
class Asker {
  readonly #request: RuleRequest;
  readonly #facts: KnownFacts;
  readonly #set: ReadySet;
  readonly #values = new Map<string, string>();
  readonly #named = new Map<string, readonly string[]>();
  readonly #at = new Map<Place | undefined, PredicateFacts>();
  readonly #isIn = new Map<Place, boolean>();

  constructor(request: RuleRequest, facts: KnownFacts, set: ReadySet) {
    this.#request = request;
    this.#facts = facts;
    this.#set = set;
  }

  at(
    place: Place | undefined,
    turned?: { readonly name: string; readonly value: string },
  ): PredicateFacts {
    const known = turned ? undefined : this.#at.get(place);
    if (known) return known;
    const made: PredicateFacts = {
      fact: (name) => readFact(name, { request: this.#request, facts: this.#facts, place }),
      switchValue: (name) => (name === turned?.name ? turned.value : this.#switchValue(name)),
    };
    if (!turned) this.#at.set(place, made);
    return made;
  }

  /** Whether the set applies there: asked of each of its rules, and answered once. */
  isIn(place: Place): boolean {
    const known = this.#isIn.get(place);
    if (known !== undefined) return known;
    const isIn = holds(this.#set.appliesWhen, this.at(place));
    this.#isIn.set(place, isIn);
    return isIn;
  }

  #switchValue(name: string): string {
    let value = this.#values.get(name);
    if (value === undefined) {
      value = switchValue(this.#set, name, this.#facts);
      this.#values.set(name, value);
    }
    return value;
  }

  placesOf(
    { rule }: ReadyRule,
    places: readonly Place[],
    turned?: { readonly name: string; readonly value: string },
  ): readonly Place[] {
    return places.filter((place) => {
      const asked = this.at(place, turned);
      if (!holds(rule.when, asked)) return false;
      return turned ? holds(this.#set.appliesWhen, asked) : this.isIn(place);
    });
  }

  /** Those that, turned, would make the rule apply elsewhere, or not at all. */
  decidingSwitches(
    ready: ReadyRule,
    asked: {
      readonly names: readonly string[];
      readonly all: readonly Place[];
      readonly places: readonly Place[];
    },
  ): readonly string[] {
    return asked.names.filter((name) =>
      (this.#set.switches.get(name)?.values ?? []).some(
        (value) => this.placesOf(ready, asked.all, { name, value }).length !== asked.places.length,
      ),
    );
  }

  counting(rule: Rule): { readonly counting?: Counting } {
    if (rule.kind !== 'frequencyCap' && rule.kind !== 'minInterval') return {};
    const asked = this.at(undefined);
    const key = rule.key.filter(({ when }) => holds(when, asked)).map(({ part }) => part);
    const back = rule.kind === 'frequencyCap' ? rule.undeliveredGivenBackWhen : undefined;
    const givesBackUndelivered = back !== undefined && holds(back, asked);
    return { counting: { scopes: this.#scopes(rule.counter, key), givesBackUndelivered } };
  }

  /** The limits of a law mostly share one counter: its names are made once. */
  #scopes(counter: string, key: readonly string[]): readonly string[] {
    const name = `${counter} ${key.join(' ')}`;
    const known = this.#named.get(name);
    if (known) return known;
    const set = this.#set.id;
    const scopes = scopeNames({ set, counter, key }, this.#request, this.#facts);
    this.#named.set(name, scopes);
    return scopes;
  }

  isRelaxed(name: string): boolean {
    const strict = this.#set.switches.get(name)?.values[0];
    return this.#switchValue(name) !== strict;
  }

  readonly say = (name: string): string => `${this.#set.id}/${name}: ${this.#switchValue(name)}`;
}

function readFact(
  name: string,
  { request, facts, place }: { request: RuleRequest; facts: KnownFacts; place: Place | undefined },
): Scalar | readonly Scalar[] | undefined {
  switch (name) {
    case 'class':
      return request.class;
    case 'channel':
      return request.channel;
    case 'entity':
      return request.entity;
    case 'creditorGroup':
      return facts.entity?.creditorGroup;
    case 'sender':
      return request.sender;
    case 'person':
      return request.person;
    case 'segments':
      return request.segments;
    case 'tags':
      return request.tags;
    case 'country':
      return place?.country;
    case 'region':
      return place?.region;
    default:
      return request.attributes?.[name.slice('attribute.'.length)];
  }
}

/** The rules that a rulebook has for how long records are kept; for whoever tidies up. */
export function retentionRules(rulebook: Rulebook): readonly { set: string; keep: string }[] {
  return rulebook.sets.flatMap((set) =>
    set.rules.flatMap(({ rule }) =>
      rule.kind === 'retention' ? [{ set: set.id, keep: rule.keep }] : [],
    ),
  );
}
