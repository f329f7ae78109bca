import type { Place } from '#rules/local-time';
import type { KnownFacts } from './facts.ts';
import { type Located, locateRecipient } from './locate-recipient.ts';
import { holds, type PredicateFacts, type Scalar, switchesIn } from './predicate.ts';
import type { RuleRequest } from './request.ts';
import type { Rule, RuleKind, RuleOf } from './rule-set.ts';
import type { ReadyRule, ReadySet, Rulebook } from './rulebook.ts';

/** A rule that applies, at those of the candidate places at which it does. */
export interface AppliedRule<Applied extends Rule = Rule> {
  readonly ready: ReadyRule;
  readonly rule: Applied;
  readonly places: readonly Place[];
  /** Switches with which it would not apply, or not at the same places, if they stood otherwise: `set/name: value`. */
  readonly switches: readonly string[];
  /** Of a rule that counts: by what, and whether a place is given back after a message that was not delivered. */
  readonly counting?: Counting;
}

interface Counting {
  readonly key: readonly string[];
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
 * sure, a rule applies if it does at any candidate.
 */
export function applyRules(request: RuleRequest, facts: KnownFacts): AppliedRules {
  const rules: AppliedRule[] = [];
  const silenced: { ready: ReadyRule; switches: readonly string[] }[] = [];
  const located = new Map<ReadySet, Located>();
  const byPolicy = new Map<string, Located>();
  for (const set of facts.rulebook.sets) {
    const asker = new Asker(request, facts, set);
    let where = byPolicy.get(set.localTimeKey);
    if (!where) {
      where = locateRecipient(request, facts, {
        localTime: set.localTime,
        predicateFacts: asker.at(undefined),
      });
      byPolicy.set(set.localTimeKey, where);
    }
    if (!mayApply(set, { asker, places: where.places })) continue;
    for (const ready of set.rules) {
      const places = asker.placesOf(ready, where.places);
      const deciding = asker.decidingSwitches(ready, { all: where.places, places });
      if (places.length > 0) {
        located.set(set, where);
        rules.push({
          ...{ ready, rule: ready.rule, places },
          switches: deciding.map(asker.say),
          ...asker.counting(ready.rule),
        });
      } else {
        const relaxed = deciding.filter((name) => asker.isRelaxed(name));
        if (relaxed.length > 0) silenced.push({ ready, switches: relaxed.map(asker.say) });
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
  if (switchesIn(set.appliesWhen).length > 0) return true;
  return places.some((place) => holds(set.appliesWhen, asker.at(place)));
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

  constructor(request: RuleRequest, facts: KnownFacts, set: ReadySet) {
    this.#request = request;
    this.#facts = facts;
    this.#set = set;
  }

  at(
    place: Place | undefined,
    turned?: { readonly name: string; readonly value: string },
  ): PredicateFacts {
    return {
      fact: (name) => readFact(name, { request: this.#request, facts: this.#facts, place }),
      switchValue: (name) =>
        name === turned?.name ? turned.value : switchValue(this.#set, name, this.#facts),
    };
  }

  placesOf(
    { set, rule }: ReadyRule,
    places: readonly Place[],
    turned?: { readonly name: string; readonly value: string },
  ): readonly Place[] {
    return places.filter((place) => {
      const asked = this.at(place, turned);
      return holds(set.appliesWhen, asked) && holds(rule.when, asked);
    });
  }

  /** Those that, turned, would make the rule apply elsewhere, or not at all. */
  decidingSwitches(
    ready: ReadyRule,
    { all, places }: { readonly all: readonly Place[]; readonly places: readonly Place[] },
  ): readonly string[] {
    return ready.switches.filter((name) =>
      (this.#set.switches.get(name)?.values ?? []).some(
        (value) => this.placesOf(ready, all, { name, value }).length !== places.length,
      ),
    );
  }

  counting(rule: Rule): { readonly counting?: Counting } {
    if (rule.kind !== 'frequencyCap' && rule.kind !== 'minInterval') return {};
    const asked = this.at(undefined);
    const key = rule.key.filter(({ when }) => holds(when, asked)).map(({ part }) => part);
    const back = rule.kind === 'frequencyCap' ? rule.undeliveredGivenBackWhen : undefined;
    const givesBackUndelivered = back !== undefined && holds(back, asked);
    return { counting: { key, givesBackUndelivered } };
  }

  isRelaxed(name: string): boolean {
    const strict = this.#set.switches.get(name)?.values[0];
    return switchValue(this.#set, name, this.#facts) !== strict;
  }

  readonly say = (name: string): string =>
    `${this.#set.id}/${name}: ${switchValue(this.#set, name, this.#facts)}`;
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
