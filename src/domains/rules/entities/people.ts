import type { Clock } from '#clock';
import type { Executor, Tx } from '#database';
import { isE164 } from '#phone';
import { insertChanges } from '#rules/audit-store';
import { type Rule, type RuleSet, windowFaults } from '#rules/decision';
import { fail } from '#rules/errors';
import { findEntity } from './entity-store.ts';
import {
  type ConsentRow,
  deleteSuppression,
  endOverride,
  findConsent,
  insertConsent,
  insertOverride,
  insertSuppressions,
  listConsents,
  listOverrides,
  listSuppressions,
  type OverrideRow,
  type SuppressionRow,
  withdrawConsent,
} from './person-store.ts';
import { unknownEntity } from './save-entities.ts';

/** A number that must not be written to. */
export interface NewSuppression {
  /** `stop`, `operator_refusal`, `dnd`, `bankruptcy`, …: which of them count, each law says for itself. */
  readonly list: string;
  /** Absent: of all entities. One of its creditor group's counts for all of the group. */
  readonly entity?: string;
  /** E.164 with the plus. */
  readonly msisdn: string;
  readonly reason: string;
  readonly at: Date;
  readonly until?: Date;
}

/** What is known of people: refusals, consents, agreements. Read from the database for each batch, never held. */
export interface People {
  /** Puts numbers on lists; repeated: nothing changes, but that what lasts longer holds. */
  suppress(tx: Tx, entries: readonly NewSuppression[], actor?: string): Promise<void>;
  /** Throws `suppression_unknown`. */
  unsuppress(
    tx: Tx,
    of: { readonly list: string; readonly entity?: string; readonly msisdn: string },
    actor: string,
  ): Promise<void>;
  suppressions(
    executor: Executor,
    of: Parameters<typeof listSuppressions>[1],
  ): Promise<readonly SuppressionRow[]>;
  /** The same proof said again is the same consent. */
  addConsent(
    tx: Tx,
    consent: Omit<ConsentRow, 'id' | 'withdrawn_at'>,
    actor: string,
  ): Promise<ConsentRow>;
  withdrawConsent(tx: Tx, id: bigint, actor: string): Promise<ConsentRow>;
  consents(
    executor: Executor,
    of: Parameters<typeof listConsents>[1],
  ): Promise<readonly ConsentRow[]>;
  addOverride(
    tx: Tx,
    given: Omit<OverrideRow, 'id' | 'ended_at'>,
    actor: string,
  ): Promise<OverrideRow>;
  endOverride(tx: Tx, id: bigint, actor: string): Promise<OverrideRow>;
  overrides(
    executor: Executor,
    of: Parameters<typeof listOverrides>[1],
  ): Promise<readonly OverrideRow[]>;
}

const LIST = /^[a-z][a-z0-9_]{0,39}$/;
/** Who tells a refusal where nobody says: whoever hears of it within the house. */
const HOUSE = 'kopek';

interface PeopleParts {
  readonly clock: Clock;
  /** Whose rules agreements may name. */
  readonly sets: () => readonly RuleSet[];
}

export function createPeople(parts: PeopleParts): People {
  const { clock } = parts;
  return {
    async suppress(tx, entries, actor = HOUSE) {
      for (const entry of entries) checkSuppression(entry);
      const added = await insertSuppressions(
        tx,
        entries.map(({ at, entity = '', list, msisdn, reason, until = null }) => ({
          ...{ msisdn, list, entity, reason, since: at, until },
        })),
      );
      await insertChanges(
        tx,
        added.map((after) => ({
          ...{ at: clock.now(), actor, action: 'suppression.add', after },
          subject: `suppression:${after.msisdn}`,
        })),
      );
    },
    async unsuppress(tx, { entity = '', list, msisdn }, actor) {
      const before = await deleteSuppression(tx, { entity, list, msisdn });
      if (!before)
        throw fail('suppression_unknown', `${msisdn} does not stand on the list ${list}.`, {
          faults: [{ field: 'msisdn', message: 'must stand on that list of that entity' }],
        });
      const subject = `suppression:${msisdn}`;
      const action = 'suppression.remove';
      await insertChanges(tx, [{ at: clock.now(), actor, action, subject, before }]);
    },
    suppressions: listSuppressions,
    ...createConsents(clock),
    ...createOverrides(parts),
  };
}

function checkSuppression({ at, list, msisdn, until }: NewSuppression): void {
  const refuse = (field: string, message: string) =>
    fail('suppression_invalid', `The number can not be suppressed: ${field} ${message}.`, {
      faults: [{ field, message }],
    });
  if (!isE164(msisdn)) throw refuse('msisdn', 'must be E.164 such as +79161234567');
  if (!LIST.test(list)) throw refuse('list', 'must be letters a-z, digits and underlines');
  if (until && until <= at) throw refuse('until', 'must be later than the suppression begins');
}

function createConsents(clock: Clock): Pick<People, 'addConsent' | 'withdrawConsent' | 'consents'> {
  return {
    async addConsent(tx, consent, actor) {
      await mustKnow(tx, consent.entity);
      checkConsent(consent, clock.now());
      const added = await insertConsent(tx, consent);
      if (!added) return (await findConsent(tx, consent)) as ConsentRow;
      const subject = `consent:${consent.msisdn}`;
      const after = { ...added, id: String(added.id) };
      const action = 'consent.add';
      await insertChanges(tx, [{ at: clock.now(), actor, action, subject, after }]);
      return added;
    },
    async withdrawConsent(tx, id, actor) {
      const found = await withdrawConsent(tx, { id, at: clock.now() });
      if (!found) throw fail('consent_unknown', 'There is no consent of that id.');
      const { consent, isNew } = found;
      const after = { id: String(id), withdrawn_at: consent.withdrawn_at };
      const subject = `consent:${consent.msisdn}`;
      const change = { at: clock.now(), actor, action: 'consent.withdraw', subject, after };
      if (isNew) await insertChanges(tx, [change]);
      return consent;
    },
    consents: listConsents,
  };
}

function checkConsent(consent: Omit<ConsentRow, 'id' | 'withdrawn_at'>, now: Date): void {
  const refuse = (field: string, message: string) =>
    fail('consent_invalid', `The consent can not be kept: ${field} ${message}.`, {
      faults: [{ field, message }],
    });
  if (!isE164(consent.msisdn)) throw refuse('msisdn', 'must be E.164 such as +79161234567');
  if (consent.given_at > now) throw refuse('given_at', 'must not be in the future');
  if (consent.expires_at && consent.expires_at <= consent.given_at)
    throw refuse('expires_at', 'must be later than given_at');
}

function createOverrides({
  clock,
  sets,
}: PeopleParts): Pick<People, 'addOverride' | 'endOverride' | 'overrides'> {
  return {
    async addOverride(tx, given, actor) {
      await mustKnow(tx, given.entity);
      checkOverride(given, sets());
      const override = await insertOverride(tx, given);
      const after = { ...override, id: String(override.id) };
      const subject = `person:${given.person}`;
      const action = 'override.add';
      await insertChanges(tx, [{ at: clock.now(), actor, action, subject, after }]);
      return override;
    },
    async endOverride(tx, id, actor) {
      const found = await endOverride(tx, { id, at: clock.now() });
      if (!found) throw fail('override_unknown', 'There is no agreement of that id.');
      const { isNew, override } = found;
      const after = { id: String(id), ended_at: override.ended_at };
      const subject = `person:${override.person}`;
      const change = { at: clock.now(), actor, action: 'override.end', subject, after };
      if (isNew) await insertChanges(tx, [change]);
      return override;
    },
    overrides: listOverrides,
  };
}

function checkOverride(
  given: Omit<OverrideRow, 'id' | 'ended_at'>,
  sets: readonly RuleSet[],
): void {
  const refuse = (field: string, message: string) =>
    fail('override_invalid', `The agreement can not be kept: ${field} ${message}.`, {
      faults: [{ field, message }],
    });
  if (given.most === null && given.windows === null)
    throw refuse('limit', 'or windows must say what the agreement puts in place of the rule');
  if (given.valid_to && given.valid_to <= given.valid_from)
    throw refuse('to', 'must be later than from');
  const [fault] = given.windows ? windowFaults(given.windows, 'windows') : [];
  if (fault) throw refuse(fault.field, fault.message);
  const [field, message] = ruleFault(given, sets) ?? [];
  if (field && message) throw refuse(field, message);
}

/** An agreement about nothing would be kept, and bind nobody. */
function ruleFault(
  given: Omit<OverrideRow, 'id' | 'ended_at'>,
  sets: readonly RuleSet[],
): readonly [field: string, message: string] | undefined {
  const versions = sets.filter(({ id }) => id === given.rule_set);
  if (versions.length === 0) return ['set', 'must be the id of a set of rules that is active'];
  const rules = versions.flatMap((set) => set.rules);
  const named = rules.filter((rule) => namesOf(rule).includes(given.rule));
  const kinds = new Set(named.map(({ kind }) => kind));
  if (kinds.has('timeWindow') && given.windows === null)
    return ['windows', 'must say the hours: the rule is about hours'];
  if (kinds.has('frequencyCap') && given.most === null)
    return ['limit', 'must say how many: the rule is a limit'];
  if (kinds.has('timeWindow') || kinds.has('frequencyCap')) return undefined;
  const known = [...new Set(rules.flatMap((rule) => (hasTerms(rule) ? namesOf(rule) : [])))];
  return ['rule', `must be one that has hours or a limit: ${known.join(', ') || 'there is none'}`];
}

const hasTerms = ({ kind }: Rule) => kind === 'timeWindow' || kind === 'frequencyCap';
const namesOf = ({ alias, id }: Rule) => (alias === undefined ? [id] : [alias, id]);

async function mustKnow(tx: Tx, entity: string): Promise<void> {
  if (!(await findEntity(tx, entity))) throw unknownEntity(entity);
}
