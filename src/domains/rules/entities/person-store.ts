import { type Executor, sql, type Tx } from '#database';
import { must } from '#errors';
import type { WindowsByDay } from '#rules/decision';

export interface SuppressionRow {
  readonly msisdn: string;
  readonly list: string;
  /** Empty: of all entities. */
  readonly entity: string;
  readonly reason: string;
  readonly since: Date;
  readonly until: Date | null;
}

/**
 * One that stands already stays as it is, unless it ends sooner: who was on a list for a while and says STOP stands there for
 * good. Sorted, against deadlocks. Answers those that are new or last longer now.
 */
export async function insertSuppressions(
  tx: Tx,
  entries: readonly SuppressionRow[],
): Promise<readonly SuppressionRow[]> {
  if (entries.length === 0) return [];
  const { rows } = await sql<SuppressionRow>`
    insert into rules.suppression as s (msisdn, list, entity, reason, since, until)
    select distinct on (msisdn, list, entity) * from unnest(${entries.map((one) => one.msisdn)}::text[], ${entries.map((one) => one.list)}::text[],
      ${entries.map((one) => one.entity)}::text[], ${entries.map((one) => one.reason)}::text[],
      ${entries.map((one) => one.since)}::timestamptz[], ${entries.map((one) => one.until)}::timestamptz[]) as n (msisdn, list, entity, reason, since, until)
    order by msisdn, list, entity, until desc nulls first
    on conflict (msisdn, list, entity) do update set reason = excluded.reason, until = excluded.until,
      since = case when s.until <= excluded.since then excluded.since else s.since end
      where s.until < coalesce(excluded.until, 'infinity')
    returning msisdn, list, entity, reason, since, until`.execute(tx);
  return rows;
}

/** Answers what stood there. */
export async function deleteSuppression(
  tx: Tx,
  of: Pick<SuppressionRow, 'msisdn' | 'list' | 'entity'>,
): Promise<SuppressionRow | undefined> {
  const { rows } = await sql<SuppressionRow>`
    delete from rules.suppression
    where msisdn = ${of.msisdn} and list = ${of.list} and entity = ${of.entity}
    returning msisdn, list, entity, reason, since, until`.execute(tx);
  return rows[0];
}

/** By number, then list, then entity, behind `after`. */
export async function listSuppressions(
  executor: Executor,
  of: {
    readonly msisdn: string | null;
    readonly list: string | null;
    readonly entity: string | null;
    readonly after: readonly [msisdn: string, list: string, entity: string];
    readonly limit: number;
  },
): Promise<readonly SuppressionRow[]> {
  const [msisdn, list, entity] = of.after;
  const { rows } = await sql<SuppressionRow>`
    select msisdn, list, entity, reason, since, until from rules.suppression
    where (${of.msisdn}::text is null or msisdn = ${of.msisdn})
      and (${of.list}::text is null or list = ${of.list})
      and (${of.entity}::text is null or entity = ${of.entity})
      and (msisdn, list, entity) > (${msisdn}, ${list}, ${entity})
    order by msisdn, list, entity limit ${of.limit}`.execute(executor);
  return rows;
}

export interface ConsentRow {
  readonly id: bigint;
  readonly msisdn: string;
  readonly entity: string;
  readonly purpose: string;
  readonly proof: string;
  readonly reference: string;
  readonly given_at: Date;
  readonly expires_at: Date | null;
  readonly withdrawn_at: Date | null;
}

const CONSENT_COLUMNS = sql.raw(
  'id, msisdn, entity, purpose, proof, reference, given_at, expires_at, withdrawn_at',
);

/** The same proof said again is the same consent: undefined, and nothing changes. */
export async function insertConsent(
  tx: Tx,
  consent: Omit<ConsentRow, 'id' | 'withdrawn_at'>,
): Promise<ConsentRow | undefined> {
  const { rows } = await sql<ConsentRow>`
    insert into rules.consent (msisdn, entity, purpose, proof, reference, given_at, expires_at)
    values (${consent.msisdn}, ${consent.entity}, ${consent.purpose}, ${consent.proof}, ${consent.reference},
      ${consent.given_at}, ${consent.expires_at})
    on conflict do nothing returning ${CONSENT_COLUMNS}`.execute(tx);
  return rows[0];
}

export async function findConsent(
  executor: Executor,
  consent: Pick<ConsentRow, 'msisdn' | 'entity' | 'purpose' | 'proof' | 'reference' | 'given_at'>,
): Promise<ConsentRow | undefined> {
  const { rows } = await sql<ConsentRow>`
    select ${CONSENT_COLUMNS} from rules.consent
    where msisdn = ${consent.msisdn} and entity = ${consent.entity} and purpose = ${consent.purpose}
      and proof = ${consent.proof} and reference = ${consent.reference} and given_at = ${consent.given_at}`.execute(
    executor,
  );
  return rows[0];
}

/** Undefined when there is none of that id; what was withdrawn before keeps its time. */
export async function withdrawConsent(
  tx: Tx,
  of: { readonly id: bigint; readonly at: Date },
): Promise<{ readonly consent: ConsentRow; readonly isNew: boolean } | undefined> {
  const { rows } = await sql<ConsentRow & { readonly is_new: boolean }>`
    update rules.consent c set withdrawn_at = coalesce(c.withdrawn_at, ${of.at})
    from (select id as found, withdrawn_at is null as is_new from rules.consent where id = ${of.id} for update) f
    where c.id = f.found returning f.is_new, ${sql.raw('c.*')}`.execute(tx);
  const [row] = rows;
  return row && { consent: row, isNew: row.is_new };
}

export async function listConsents(
  executor: Executor,
  of: {
    readonly msisdn: string | null;
    readonly entity: string | null;
    readonly before: bigint | null;
    readonly limit: number;
  },
): Promise<readonly ConsentRow[]> {
  const { rows } = await sql<ConsentRow>`
    select ${CONSENT_COLUMNS} from rules.consent
    where (${of.msisdn}::text is null or msisdn = ${of.msisdn})
      and (${of.entity}::text is null or entity = ${of.entity})
      and (${of.before}::bigint is null or id < ${of.before})
    order by id desc limit ${of.limit}`.execute(executor);
  return rows;
}

export interface OverrideRow {
  readonly id: bigint;
  readonly person: string;
  readonly entity: string;
  readonly rule_set: string;
  readonly rule: string;
  readonly most: number | null;
  readonly windows: WindowsByDay | null;
  readonly document: string;
  readonly valid_from: Date;
  readonly valid_to: Date | null;
  readonly ended_at: Date | null;
}

const OVERRIDE_COLUMNS = sql.raw(
  'id, person, entity, rule_set, rule, most, windows, document, valid_from, valid_to, ended_at',
);

export async function insertOverride(
  tx: Tx,
  given: Omit<OverrideRow, 'id' | 'ended_at'>,
): Promise<OverrideRow> {
  const { rows } = await sql<OverrideRow>`
    insert into rules.person_override (person, entity, rule_set, rule, most, windows, document, valid_from, valid_to)
    values (${given.person}, ${given.entity}, ${given.rule_set}, ${given.rule}, ${given.most},
      ${given.windows === null ? null : JSON.stringify(given.windows)}::jsonb, ${given.document}, ${given.valid_from}, ${given.valid_to})
    returning ${OVERRIDE_COLUMNS}`.execute(tx);
  return rows[0] as OverrideRow;
}

/** Undefined when there is none of that id; what has ended before keeps its time. */
export async function endOverride(
  tx: Tx,
  of: { readonly id: bigint; readonly at: Date },
): Promise<{ readonly override: OverrideRow; readonly isNew: boolean } | undefined> {
  const { rows } = await sql<OverrideRow & { readonly is_new: boolean }>`
    update rules.person_override o set ended_at = coalesce(o.ended_at, ${of.at})
    from (select id as found, ended_at is null as is_new from rules.person_override where id = ${of.id} for update) f
    where o.id = f.found returning f.is_new, ${sql.raw('o.*')}`.execute(tx);
  const [row] = rows;
  return row && { override: row, isNew: row.is_new };
}

export async function listOverrides(
  executor: Executor,
  of: {
    readonly person: string | null;
    readonly entity: string | null;
    readonly before: bigint | null;
    readonly limit: number;
  },
): Promise<readonly OverrideRow[]> {
  const { rows } = await sql<OverrideRow>`
    select ${OVERRIDE_COLUMNS} from rules.person_override
    where (${of.person}::text is null or person = ${of.person})
      and (${of.entity}::text is null or entity = ${of.entity})
      and (${of.before}::bigint is null or id < ${of.before})
    order by id desc limit ${of.limit}`.execute(executor);
  return rows;
}

interface PersonFactsRow {
  readonly suppressions: readonly (Pick<SuppressionRow, 'msisdn' | 'list' | 'entity'> & {
    readonly since: string;
    readonly until: string | null;
  })[];
  readonly consents: readonly (Pick<ConsentRow, 'msisdn' | 'entity' | 'purpose' | 'proof'> & {
    readonly given_at: string;
    readonly expires_at: string | null;
    readonly withdrawn_at: string | null;
  })[];
  readonly overrides: readonly (Pick<
    OverrideRow,
    'person' | 'entity' | 'rule_set' | 'rule' | 'most' | 'windows' | 'document'
  > & { readonly valid_from: string; readonly valid_to: string | null })[];
}

/** Of a batch's numbers. Were there more, a decision could miss one that forbids it: then there is none at all. */
const FACTS_MOST = 100_000;

/** All that is written down of these numbers and persons, of whatever entity, in one statement. Moments are ISO 8601. */
export async function readPersonFacts(
  executor: Executor,
  of: { readonly msisdns: readonly string[]; readonly persons: readonly string[] },
): Promise<PersonFactsRow> {
  const { rows } = await sql<PersonFactsRow>`
    select
      (select coalesce(json_agg(s), '[]') from (
        select msisdn, list, entity, since, until from rules.suppression
        where msisdn = any (${of.msisdns}::text[]) limit ${FACTS_MOST}) s) as suppressions,
      (select coalesce(json_agg(c), '[]') from (
        select msisdn, entity, purpose, proof, given_at, expires_at, withdrawn_at from rules.consent
        where msisdn = any (${of.msisdns}::text[]) limit ${FACTS_MOST}) c) as consents,
      (select coalesce(json_agg(o), '[]') from (
        select person, entity, rule_set, rule, most, windows, document, valid_from,
          least(valid_to, ended_at) as valid_to
        from rules.person_override
        where person = any (${of.persons}::text[]) limit ${FACTS_MOST}) o) as overrides`.execute(
    executor,
  );
  const facts = rows[0] as PersonFactsRow;
  const most = Math.max(
    ...[facts.suppressions.length, facts.consents.length, facts.overrides.length],
  );
  must(most < FACTS_MOST, 'what is written down of the numbers of a batch can be read at once');
  return facts;
}
