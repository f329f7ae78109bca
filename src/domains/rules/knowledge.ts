import type { Executor } from '#database';
import {
  type AllowedProvider,
  createRulebook,
  type EntityFacts,
  type Rulebook,
  type RuleSet,
} from '#rules/decision';
import type { NumberTable } from '#rules/local-time';
import { readRevision } from './audit-store.ts';
import {
  type EntityRow,
  type PairRow,
  type ProviderRow,
  readEntities,
  readPairs,
  readProviders,
} from './entities/index.ts';
import type {
  AllowedPair,
  EntitySettings,
  LegalEntity,
  Provider,
  RegisteredSender,
} from './entity.ts';
import { readActiveSets, readCalendars, toRuleSet } from './sets/index.ts';

/** Everything that decisions need and that is the same for all messages, as the database had it a moment ago. */
export interface Knowledge {
  readonly revision: bigint;
  readonly entities: ReadonlyMap<string, LegalEntity>;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Of each entity, in the order in which they are tried. */
  readonly pairs: ReadonlyMap<string, readonly AllowedPair[]>;
  readonly entityFacts: ReadonlyMap<string, EntityFacts>;
  readonly sets: readonly RuleSet[];
  readonly rulebook: Rulebook;
  /** The same without rules about the text: for whoever asks without having one. */
  readonly textless: Rulebook;
  /** More places of one scope no rule looks at. */
  readonly placesMost: number;
}

/** Reads everything; undefined where nothing has changed since `known`. */
export async function readKnowledge(
  executor: Executor,
  of: { readonly known: bigint | undefined; readonly numbers: readonly NumberTable[] },
): Promise<Knowledge | undefined> {
  // Read first: what is changed meanwhile is read again at the next look.
  const revision = await readRevision(executor);
  if (revision === of.known) return undefined;
  const entities = (await readEntities(executor)).map(entityFromRow);
  const providers = (await readProviders(executor)).map(providerFromRow);
  const pairs = (await readPairs(executor)).map(pairFromRow);
  const sets = (await readActiveSets(executor)).map(toRuleSet);
  const calendars = (await readCalendars(executor)).map(
    ({ savedAt: _, savedBy: __, ...year }) => year,
  );
  const byName = new Map(providers.map((one) => [one.name, one]));
  const byEntity = Map.groupBy(pairs, ({ entity }) => entity);
  const parts = { calendars, numbers: of.numbers };
  return {
    ...{ revision, providers: byName, pairs: byEntity, sets },
    entities: new Map(entities.map((one) => [one.key, one])),
    entityFacts: new Map(
      entities.map((one) => [
        one.key,
        factsOf(one, { pairs: byEntity.get(one.key) ?? [], providers: byName }),
      ]),
    ),
    rulebook: createRulebook({ ...parts, sets }),
    textless: createRulebook({ ...parts, sets: withoutText(sets) }),
    placesMost: mostPlaces(sets),
  };
}

function entityFromRow(row: EntityRow): LegalEntity {
  const { active, creditor_group: creditorGroup, key, name } = row;
  return { key, name, creditorGroup, active, settings: row.settings as EntitySettings };
}

function providerFromRow({ country, enabled, name, title }: ProviderRow): Provider {
  return { name, title, enabled, country: country ?? undefined };
}

function pairFromRow({ entity, provider, rank, senders, since, until }: PairRow): AllowedPair {
  return {
    ...{ entity, provider, rank, senders: senders as readonly RegisteredSender[] },
    ...{ since: since ?? undefined, until: until ?? undefined },
  };
}

function factsOf(
  entity: LegalEntity,
  of: {
    readonly pairs: readonly AllowedPair[];
    readonly providers: ReadonlyMap<string, Provider>;
  },
): EntityFacts {
  const { linkHosts, names = [], phone, standardTime, switches = {}, zone } = entity.settings;
  return {
    ...{ key: entity.key, active: entity.active, creditorGroup: entity.creditorGroup },
    ...{ names: [entity.name, ...names], switches },
    ...(phone === undefined ? {} : { phone }),
    ...(zone === undefined ? {} : { zone }),
    ...(standardTime === undefined ? {} : { standardTime }),
    ...(linkHosts === undefined ? {} : { linkHosts }),
    providers: of.pairs.map((pair) => allowedOf(pair, of.providers.get(pair.provider))),
  };
}

function allowedOf(pair: AllowedPair, provider: Provider | undefined): AllowedProvider {
  const { country, enabled = false } = provider ?? {};
  return {
    ...{ provider: pair.provider, enabled },
    ...(country === undefined ? {} : { country }),
    ...(pair.since ? { since: pair.since } : {}),
    ...(pair.until ? { until: pair.until } : {}),
    senders: pair.senders.map(({ since, until, ...sender }) => ({
      ...sender,
      ...(since === undefined ? {} : { since: new Date(since) }),
      ...(until === undefined ? {} : { until: new Date(until) }),
    })),
  };
}

/** A set of nothing but rules about texts is left out whole: a set has at least one rule. */
export function withoutText(sets: readonly RuleSet[]): readonly RuleSet[] {
  return sets.flatMap((set) => {
    const rules = set.rules.filter(({ kind }) => kind !== 'content');
    return rules.length === 0 ? [] : [{ ...set, rules }];
  });
}

/**
 * Beyond a limit: the message's own earlier place may be among them; and a month after the end of January lies behind a
 * month after the first days of February, so that some that were counted later are forgotten earlier.
 */
const OVERLAP_MOST = 16;

/** More places of one scope than any rule has to look at. */
export function mostPlaces(sets: readonly RuleSet[]): number {
  const limits = sets.flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.kind === 'frequencyCap' ? [rule.limit] : [])),
  );
  return Math.max(1, ...limits) + OVERLAP_MOST;
}
