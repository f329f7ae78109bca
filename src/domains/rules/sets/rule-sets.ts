import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { parseRuleSet, type RuleSet } from '#rules/decision';
import { fail } from '#rules/errors';
import type { Recorder } from '#rules/record-change';
import {
  findOverlapping,
  findSet,
  isWritten,
  listSets,
  type RuleSetRow,
  writeDraft,
  writeEnd,
  writeStatus,
} from './rule-set-store.ts';

export interface SetVersion {
  readonly id: string;
  readonly version: number;
}

/** Laws and policies: written as drafts, tried on past traffic, activated, retired. */
export interface RuleSets {
  /**
   * Throws `rule_set_invalid` with every fault, and `rule_set_fixed` where that version is no draft any more. The very same
   * again changes nothing.
   */
  saveDraft(tx: Tx, document: unknown, actor: string): Promise<RuleSetRow>;
  /**
   * It holds from its `effective.from` on. Throws `rule_set_overlaps` where another version of it holds at the same time:
   * with `inPlace` an earlier one ends where this one begins.
   */
  activate(
    tx: Tx,
    set: SetVersion & { readonly inPlace: boolean },
    actor: string,
  ): Promise<RuleSetRow>;
  /** It holds no more, from now on. */
  retire(tx: Tx, set: SetVersion, actor: string): Promise<RuleSetRow>;
  sets(executor: Executor, of: Parameters<typeof listSets>[1]): Promise<readonly RuleSetRow[]>;
  /** Throws `rule_set_unknown`. */
  set(executor: Executor, of: SetVersion): Promise<RuleSetRow>;
}

/** What holds is in the columns: another version may have ended it earlier than its document says. */
export function toRuleSet(row: RuleSetRow): RuleSet {
  const { to: _, ...effective } = (row.document as RuleSet).effective;
  return parseRuleSet({
    ...(row.document as RuleSet),
    status: row.status,
    effective: {
      ...effective,
      from: row.effective_from.toISOString(),
      ...(row.effective_to ? { to: row.effective_to.toISOString() } : {}),
    },
  });
}

export function createRuleSets(options: {
  readonly clock: Clock;
  readonly recorder: Recorder;
}): RuleSets {
  const { clock, recorder } = options;
  return {
    async saveDraft(tx, document, actor) {
      const set = parseRuleSet(document);
      await recorder.begin(tx);
      if (await isWritten(tx, set)) return mustFind(tx, set);
      const before = await findSet(tx, set);
      const after = await writeDraft(tx, {
        ...newSetOf(set),
        ...{ builtIn: false, savedAt: clock.now(), savedBy: actor },
      });
      if (!after) throw isFixed(set);
      await recorder.record(tx, {
        ...{ actor, action: 'set.draft', subject: subjectOf(set) },
        ...{ before: before?.document, after: after.document },
      });
      return after;
    },
    async activate(tx, { id, inPlace, version }, actor) {
      await recorder.begin(tx);
      const row = await mustFind(tx, { id, version });
      if (row.status === 'active') return row;
      toRuleSet(row); // what was a good draft once may have to be read by younger code
      await makeRoom(tx, row, { inPlace, now: clock.now() });
      const after = await writeStatus(tx, { id, version, status: 'active', at: clock.now() });
      await recorder.record(tx, {
        ...{ actor, action: 'set.activate', subject: subjectOf(row) },
        ...{ before: stateOf(row), after: stateOf(after) },
      });
      return after;
    },
    async retire(tx, { id, version }, actor) {
      await recorder.begin(tx);
      const row = await mustFind(tx, { id, version });
      if (row.status === 'retired') return row;
      if (row.status === 'draft')
        throw fail('rule_set_not_active', `${id}@${version} is a draft: it never held.`);
      const after = await writeStatus(tx, { id, version, status: 'retired', at: clock.now() });
      await recorder.record(tx, {
        ...{ actor, action: 'set.retire', subject: subjectOf(row) },
        ...{ before: stateOf(row), after: stateOf(after) },
      });
      return after;
    },
    sets: listSets,
    set: mustFind,
  };
}

export function newSetOf(set: RuleSet) {
  const { effective, id, version } = set;
  return {
    ...{ id, version, document: set, effectiveFrom: new Date(effective.from) },
    effectiveTo: effective.to === undefined ? null : new Date(effective.to),
  };
}

/** Those that begin earlier end where this one begins; what begins at the same moment or later is not guessed about. */
async function makeRoom(
  tx: Tx,
  row: RuleSetRow,
  { inPlace, now }: { readonly inPlace: boolean; readonly now: Date },
): Promise<void> {
  for (const other of await findOverlapping(tx, row)) {
    if (!inPlace || other.effective_from > row.effective_from) throw overlaps(row, other);
    const { id, version } = other;
    if (other.effective_from < row.effective_from)
      await writeEnd(tx, { id, version, to: row.effective_from });
    else await writeStatus(tx, { id, version, status: 'retired', at: now });
  }
}

function overlaps(row: RuleSetRow, other: RuleSetRow): Error {
  const message = `overlaps with version ${other.version}, which holds from ${other.effective_from.toISOString()}`;
  const advice =
    'activate it in place of that one, retire that one, or choose another effective.from';
  return fail('rule_set_overlaps', `${row.id}@${row.version} ${message}: ${advice}.`, {
    faults: [{ field: 'effective.from', message }],
    details: { version: other.version },
  });
}

function isFixed({ id, version }: SetVersion): Error {
  const message = 'must be a new number: that version is no draft any more';
  return fail('rule_set_fixed', `${id}@${version} can not be changed: version ${message}.`, {
    faults: [{ field: 'version', message }],
  });
}

async function mustFind(executor: Executor, of: SetVersion): Promise<RuleSetRow> {
  const row = await findSet(executor, of);
  if (row) return row;
  throw fail('rule_set_unknown', `There is no version ${of.version} of a set called ${of.id}.`);
}

const subjectOf = ({ id, version }: SetVersion) => `set:${id}@${version}`;

function stateOf({ effective_from, effective_to, status }: RuleSetRow) {
  return { status, effective_from, effective_to };
}
