import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { RuleSet } from '#rules/decision';
import type { NewLegalEntity, NewPair, NewProvider } from '#rules/entity';
import { fail } from '#rules/errors';
import type { Recorder } from '#rules/record-change';
import { checkEntity, checkPair, checkProvider } from './check-entity.ts';
import {
  deletePair,
  type EntityRow,
  findEntity,
  findPair,
  findProvider,
  writeEntity,
  writePair,
  writeProvider,
} from './entity-store.ts';

/** Entities, providers and who may use which; each change with its line in the audit. `actor`: who asked for it. */
export interface SaveEntities {
  /** Creates it, or brings the one of that key up to date. Throws `entity_invalid`. */
  saveEntity(tx: Tx, entity: NewLegalEntity, actor: string): Promise<void>;
  saveProvider(tx: Tx, provider: NewProvider, actor: string): Promise<void>;
  /** Lets an entity use a provider. Throws `entity_unknown`, `provider_unknown`, `provider_invalid`. */
  allowProvider(tx: Tx, pair: NewPair, actor: string): Promise<void>;
  /** Harmless where it was not allowed: answers whether it was. */
  forbidProvider(
    tx: Tx,
    pair: { readonly entity: string; readonly provider: string },
    actor: string,
  ): Promise<boolean>;
}

const RANK_DEFAULT = 100;

export function createSaveEntities(options: {
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Whose switches the settings may answer. */
  readonly sets: () => readonly RuleSet[];
}): SaveEntities {
  const { clock, recorder, sets } = options;
  return {
    async saveEntity(tx, entity, actor) {
      checkEntity(entity, sets());
      await recorder.begin(tx);
      const before = await findEntity(tx, entity.key);
      const after: EntityRow = {
        ...{ key: entity.key, name: entity.name, settings: entity.settings ?? {} },
        // Not told in an edit they stay: it must neither switch anybody on nor part what a law counts together.
        active: entity.active ?? before?.active ?? true,
        creditor_group: entity.creditorGroup ?? before?.creditor_group ?? entity.key,
      };
      await writeEntity(tx, after, clock.now());
      const action = before ? 'entity.edit' : 'entity.add';
      await recorder.record(tx, {
        ...{ actor, action, subject: `entity:${entity.key}` },
        ...{ before, after: await findEntity(tx, entity.key) },
      });
    },
    async saveProvider(tx, provider, actor) {
      checkProvider(provider);
      await recorder.begin(tx);
      const before = await findProvider(tx, provider.name);
      const { country = null, name, title } = provider;
      const enabled = provider.enabled ?? before?.enabled ?? true;
      const after = { name, title, enabled, country };
      await writeProvider(tx, after, clock.now());
      const action = before ? 'provider.edit' : 'provider.add';
      await recorder.record(tx, { actor, action, subject: `provider:${name}`, before, after });
    },
    async allowProvider(tx, pair, actor) {
      const senders = checkPair(pair);
      const { entity, provider, rank = RANK_DEFAULT, since = null, until = null } = pair;
      await recorder.begin(tx);
      await mustKnow(tx, pair);
      const before = await findPair(tx, pair);
      await writePair(tx, { entity, provider, rank, senders, since, until });
      await recorder.record(tx, {
        ...{ actor, action: 'provider.allow', subject: `entity:${entity}/provider:${provider}` },
        ...{ before, after: await findPair(tx, pair) },
      });
    },
    async forbidProvider(tx, pair, actor) {
      await recorder.begin(tx);
      await mustKnow(tx, pair);
      const before = await findPair(tx, pair);
      if (!before) return false;
      await deletePair(tx, pair);
      const subject = `entity:${pair.entity}/provider:${pair.provider}`;
      await recorder.record(tx, { actor, action: 'provider.forbid', subject, before });
      return true;
    },
  };
}

async function mustKnow(
  tx: Tx,
  { entity, provider }: { readonly entity: string; readonly provider: string },
): Promise<void> {
  if (!(await findEntity(tx, entity))) throw unknownEntity(entity);
  if (!(await findProvider(tx, provider))) throw unknownProvider(provider);
}

export function unknownEntity(key: string): Error {
  const message = `There is no legal entity called ${key}.`;
  return fail('entity_unknown', message, {
    faults: [{ field: 'entity', message: 'must be the key of a legal entity' }],
  });
}

export function unknownProvider(name: string): Error {
  const message = `There is no provider called ${name}.`;
  return fail('provider_unknown', message, {
    faults: [{ field: 'provider', message: 'must be the name of a provider' }],
  });
}
