import type { Clock } from '#clock';
import { afterCommit, type Database, type Executor, type Tx } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { type Laws, readLaws } from '#rules/laws';
import { type AuditRow, listChanges } from './audit-store.ts';
import { chooseSender } from './choose-sender.ts';
import { createDeciding, type Deciding } from './decide.ts';
import {
  createPeople,
  createSaveEntities,
  type People,
  type SaveEntities,
} from './entities/index.ts';
import type { AllowedPair, LegalEntity, Provider } from './entity.ts';
import { holdKnowledge } from './hold-knowledge.ts';
import type { Knowledge } from './knowledge.ts';
import { createRecorder } from './record-change.ts';
import {
  type CalendarYears,
  createCalendarYears,
  createRuleSets,
  loadLaws,
  type RuleSets,
} from './sets/index.ts';
import { recordKeptSince } from './tidy-rules.ts';

/** The sending rules: who may send what to whom, through whom and when; decided, counted and explained. */
export interface Rules extends Deciding, SaveEntities, RuleSets, CalendarYears, People {
  /** Sorted by key; as old as `refresh` says. */
  entities(): readonly LegalEntity[];
  entity(key: string): LegalEntity | undefined;
  providers(): readonly Provider[];
  /** In the order in which they are tried. */
  providersOf(entity: string): readonly AllowedPair[];
  /** Whom a handset shows where the caller does not say; undefined: nobody is registered for that. */
  senderFor(
    entity: string,
    asked: Omit<Parameters<typeof chooseSender>[1], 'now'>,
  ): string | undefined;
  /** All that is held in memory; for whoever tries other rules on the same facts. */
  knowledge(): Knowledge;
  /** What was changed by whom, newest first. */
  audit(executor: Executor, of: Parameters<typeof listChanges>[1]): Promise<readonly AuditRow[]>;
  /** Of messages that ended before it no law asks for a record. */
  recordKeptSince(): Date;
  /** Reads entities, providers, laws and calendars again now; it happens by itself every second. */
  refresh(): Promise<void>;
  close(): void;
}

export interface RulesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: decisions are not told to Prometheus. */
  readonly metrics?: Metrics;
  /** Those that come with Kopek, unless told. */
  readonly laws?: Laws;
}

/** Writes down the laws that the database does not have yet, and holds what decisions need in memory. */
export async function createRules(options: RulesOptions): Promise<Rules> {
  const { clock, database, log } = options;
  const laws = options.laws ?? (await readLaws());
  await loadLaws({ database, clock, log, laws });
  const holder = await holdKnowledge({ database, log, numbers: laws.numbers });
  const { current, refresh } = holder;
  // What fails here is tried again within a second.
  const onChange = (tx: Tx) => afterCommit(tx, () => void refresh().catch(() => {}));
  const recorder = createRecorder({ clock, onChange });
  return {
    ...createDeciding({ clock, current, metrics: options.metrics }),
    ...createSaveEntities({ clock, recorder, sets: () => current().sets }),
    ...createRuleSets({ clock, recorder }),
    ...createCalendarYears({ clock, recorder }),
    ...createPeople({ clock, sets: () => current().sets }),
    entities: () => [...current().entities.values()],
    entity: (key) => current().entities.get(key),
    providers: () => [...current().providers.values()],
    providersOf: (entity) => current().pairs.get(entity) ?? [],
    senderFor: (entity, asked) =>
      chooseSender(current().pairs.get(entity) ?? [], { ...asked, now: clock.now() }),
    knowledge: current,
    audit: listChanges,
    recordKeptSince: () => recordKeptSince(current().sets, clock.now()),
    refresh,
    close: holder.close,
  };
}
