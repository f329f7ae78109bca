import type { Executor } from '#database';
import type { KnownFacts, RuleRequest } from '#rules/decision';
import { readPersonFacts } from './entities/index.ts';
import type { Knowledge } from './knowledge.ts';

export interface Known {
  readonly request: RuleRequest;
  readonly facts: KnownFacts;
}

type PersonFacts = Awaited<ReturnType<typeof readPersonFacts>>;

/** Everything but the counts, of all messages, with one statement for all of their numbers. */
export async function gatherFacts(
  executor: Executor,
  requests: readonly RuleRequest[],
  of: { readonly knowledge: Knowledge; readonly textless: boolean },
): Promise<readonly Known[]> {
  if (requests.length === 0) return [];
  const facts = await readPersonFacts(executor, {
    msisdns: [...new Set(requests.map(({ recipient }) => recipient))],
    persons: [...new Set(requests.flatMap(namesOf))],
  });
  return joinFacts(requests, facts, of);
}

/** A person is known by the entity's own name for it, and by its number. */
export function namesOf({ person, recipient }: RuleRequest): readonly string[] {
  return [...new Set(person === undefined ? [recipient] : [person, recipient])];
}

export function joinFacts(
  requests: readonly RuleRequest[],
  facts: PersonFacts,
  { knowledge, textless }: { readonly knowledge: Knowledge; readonly textless: boolean },
): readonly Known[] {
  const { entities, entityFacts } = knowledge;
  const rulebook = textless ? knowledge.textless : knowledge.rulebook;
  const suppressions = Map.groupBy(facts.suppressions, ({ msisdn }) => msisdn);
  const consents = Map.groupBy(facts.consents, ({ msisdn }) => msisdn);
  const overrides = Map.groupBy(facts.overrides, ({ person }) => person);
  const groupOf = (key: string) => entities.get(key)?.creditorGroup ?? key;
  return requests.map((request) => {
    const { entity, recipient } = request;
    // What one entity of a group was told counts for all of them: they are one creditor to the person.
    const concerns = (other: string) => other === '' || groupOf(other) === groupOf(entity);
    return {
      request,
      facts: {
        rulebook,
        entity: entityFacts.get(entity),
        suppressions: (suppressions.get(recipient) ?? [])
          .filter((one) => concerns(one.entity))
          .map(({ list, since, until }) => ({
            ...{ list, since: new Date(since) },
            ...(until === null ? {} : { until: new Date(until) }),
          })),
        consents: (consents.get(recipient) ?? [])
          .filter((one) => one.entity === entity)
          .map(consentFromRow),
        overrides: namesOf(request)
          .flatMap((name) => overrides.get(name) ?? [])
          .filter((one) => one.entity === entity)
          .map(overrideFromRow),
      },
    };
  });
}

function consentFromRow(row: PersonFacts['consents'][number]) {
  const { expires_at, given_at, proof, purpose, withdrawn_at } = row;
  return {
    ...{ purpose, proof, givenAt: new Date(given_at) },
    ...(withdrawn_at === null ? {} : { withdrawnAt: new Date(withdrawn_at) }),
    ...(expires_at === null ? {} : { expiresAt: new Date(expires_at) }),
  };
}

function overrideFromRow(row: PersonFacts['overrides'][number]) {
  const { document, most, rule, rule_set: set, valid_from, valid_to, windows } = row;
  return {
    ...{ set, rule, document, from: new Date(valid_from) },
    ...(valid_to === null ? {} : { to: new Date(valid_to) }),
    ...(most === null ? {} : { limit: most }),
    ...(windows === null ? {} : { windows }),
  };
}
