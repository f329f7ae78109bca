import { type Executor, sql, type Tx } from '#database';

export interface EntityRow {
  readonly key: string;
  readonly name: string;
  readonly creditor_group: string;
  readonly active: boolean;
  readonly settings: unknown;
}

export interface ProviderRow {
  readonly name: string;
  readonly title: string;
  readonly enabled: boolean;
  readonly country: string | null;
}

/** Which provider an entity may use, under which senders, and when. */
export interface PairRow {
  readonly entity: string;
  readonly provider: string;
  readonly rank: number;
  readonly senders: unknown;
  readonly since: Date | null;
  readonly until: Date | null;
}

/** All of them: they are held in memory, and there are as many as contracts. */
export async function readEntities(executor: Executor): Promise<readonly EntityRow[]> {
  const { rows } = await sql<EntityRow>`
    select key, name, creditor_group, active, settings from rules.legal_entity order by key`.execute(
    executor,
  );
  return rows;
}

export async function readProviders(executor: Executor): Promise<readonly ProviderRow[]> {
  const { rows } = await sql<ProviderRow>`
    select name, title, enabled, country from rules.provider order by name`.execute(executor);
  return rows;
}

export async function readPairs(executor: Executor): Promise<readonly PairRow[]> {
  const { rows } = await sql<PairRow>`
    select entity, provider, rank, senders, since, until from rules.entity_provider
    order by entity, rank, provider`.execute(executor);
  return rows;
}

export async function findEntity(executor: Executor, key: string): Promise<EntityRow | undefined> {
  const { rows } = await sql<EntityRow>`
    select key, name, creditor_group, active, settings from rules.legal_entity
    where key = ${key}`.execute(executor);
  return rows[0];
}

export async function findProvider(
  executor: Executor,
  name: string,
): Promise<ProviderRow | undefined> {
  const { rows } = await sql<ProviderRow>`
    select name, title, enabled, country from rules.provider where name = ${name}`.execute(
    executor,
  );
  return rows[0];
}

export async function findPair(
  executor: Executor,
  of: { readonly entity: string; readonly provider: string },
): Promise<PairRow | undefined> {
  const { rows } = await sql<PairRow>`
    select entity, provider, rank, senders, since, until from rules.entity_provider
    where entity = ${of.entity} and provider = ${of.provider}`.execute(executor);
  return rows[0];
}

export async function writeEntity(tx: Tx, entity: EntityRow, now: Date): Promise<void> {
  await sql`
    insert into rules.legal_entity (key, name, creditor_group, active, settings, created_at, changed_at)
    values (${entity.key}, ${entity.name}, ${entity.creditor_group}, ${entity.active},
      ${JSON.stringify(entity.settings)}::jsonb, ${now}, ${now})
    on conflict (key) do update set name = excluded.name, creditor_group = excluded.creditor_group,
      active = excluded.active, settings = excluded.settings, changed_at = excluded.changed_at`.execute(
    tx,
  );
}

export async function writeProvider(tx: Tx, provider: ProviderRow, now: Date): Promise<void> {
  await sql`
    insert into rules.provider (name, title, enabled, country, created_at, changed_at)
    values (${provider.name}, ${provider.title}, ${provider.enabled}, ${provider.country}, ${now}, ${now})
    on conflict (name) do update set title = excluded.title, enabled = excluded.enabled,
      country = excluded.country, changed_at = excluded.changed_at`.execute(tx);
}

export async function writePair(tx: Tx, pair: PairRow): Promise<void> {
  await sql`
    insert into rules.entity_provider (entity, provider, rank, senders, since, until)
    values (${pair.entity}, ${pair.provider}, ${pair.rank}, ${JSON.stringify(pair.senders)}::jsonb, ${pair.since}, ${pair.until})
    on conflict (entity, provider) do update set rank = excluded.rank,
      senders = excluded.senders, since = excluded.since,
      until = excluded.until`.execute(tx);
}

export async function deletePair(
  tx: Tx,
  of: { readonly entity: string; readonly provider: string },
): Promise<void> {
  await sql`delete from rules.entity_provider
    where entity = ${of.entity} and provider = ${of.provider}`.execute(tx);
}
