import { type Executor, sql, type Tx } from '#database';
import type { EndpointKind, StoredSecret, WebhookEndpoint } from './endpoint.ts';

interface EndpointRow {
  readonly id: bigint;
  readonly scope: string;
  readonly kind: EndpointKind;
  readonly url: string;
  readonly event_types: string[];
  readonly description: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly failures: number;
  readonly open_until: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const COLUMNS = sql.raw(`id, scope, kind, url, event_types, description, enabled, disabled_reason,
  failures, case when open_until > clock_timestamp() then open_until end as open_until, created_at, updated_at`);

export interface NewEndpoint {
  readonly id: bigint;
  readonly scope: string;
  readonly kind: EndpointKind;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly description: string;
  readonly secret: StoredSecret;
}

/** Ids for rows that are sealed to their id before they are written. */
export async function takeEndpointIds(
  executor: Executor,
  count: number,
): Promise<readonly bigint[]> {
  const { rows } = await sql<{ id: bigint }>`
    select nextval('platform.webhook_endpoint_id_seq') as id from generate_series(1, ${count})`.execute(
    executor,
  );
  return rows.map(({ id }) => id);
}

/** Writes them but for callbacks whose origin is known already; answers those it wrote. */
export async function insertEndpoints(
  executor: Executor,
  endpoints: readonly NewEndpoint[],
  now: Date,
): Promise<readonly WebhookEndpoint[]> {
  const rows = endpoints.map(({ eventTypes, secret, id, ...rest }) => ({
    ...{ ...rest, id: String(id), event_types: eventTypes, secrets: [secret] },
  }));
  const written = await sql<EndpointRow>`
    insert into platform.webhook_endpoint (id, scope, kind, url, event_types, description, secrets, created_at, updated_at)
    overriding system value
    select id, scope, kind, url, event_types, description, secrets, ${now}, ${now}
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as given (
      id bigint, scope text, kind text, url text, event_types text[], description text, secrets jsonb)
    order by scope, url
    on conflict (scope, url) where kind = 'callback' and deleted_at is null do nothing
    returning ${COLUMNS}`.execute(executor);
  return written.rows.map(fromRow);
}

export async function listEndpoints(
  executor: Executor,
  asked: { readonly scope: string; readonly after?: bigint; readonly limit: number },
): Promise<readonly WebhookEndpoint[]> {
  const { rows } = await sql<EndpointRow>`
    select ${COLUMNS} from platform.webhook_endpoint
    where scope = ${asked.scope} and deleted_at is null and id > ${asked.after ?? 0n}
    order by id limit ${asked.limit}`.execute(executor);
  return rows.map(fromRow);
}

export async function findEndpoint(
  executor: Executor,
  asked: { readonly scope: string; readonly id: bigint },
): Promise<WebhookEndpoint | undefined> {
  const { rows } = await sql<EndpointRow>`
    select ${COLUMNS} from platform.webhook_endpoint
    where id = ${asked.id} and scope = ${asked.scope} and deleted_at is null`.execute(executor);
  return rows[0] && fromRow(rows[0]);
}

export interface EndpointChange {
  readonly url?: string;
  readonly eventTypes?: readonly string[];
  readonly description?: string;
  readonly enabled?: boolean;
}

/** Enabled again, it starts afresh: what its breaker knew is of before. */
export async function changeEndpoint(
  executor: Executor,
  asked: { readonly scope: string; readonly id: bigint; readonly change: EndpointChange },
  now: Date,
): Promise<WebhookEndpoint | undefined> {
  const { url, eventTypes, description, enabled } = asked.change;
  const { rows } = await sql<EndpointRow>`
    update platform.webhook_endpoint set
      url = coalesce(${url ?? null}, url),
      event_types = coalesce(${eventTypes ?? null}::text[], event_types),
      description = coalesce(${description ?? null}, description),
      enabled = coalesce(${enabled ?? null}::boolean, enabled),
      disabled_reason = case ${enabled ?? null}::boolean when true then null when false then 'asked'
        else disabled_reason end,
      failures = case when ${enabled === true || url !== undefined} then 0 else failures end,
      openings = case when ${enabled === true || url !== undefined} then 0 else openings end,
      open_until = case when ${enabled === true || url !== undefined} then null else open_until end,
      updated_at = ${now}
    where id = ${asked.id} and scope = ${asked.scope} and deleted_at is null
    returning ${COLUMNS}`.execute(executor);
  return rows[0] && fromRow(rows[0]);
}

/** Its secrets go with it; its deliveries are left to whoever calls. */
export async function deleteEndpoint(
  tx: Tx,
  asked: { readonly scope: string; readonly id: bigint },
  now: Date,
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update platform.webhook_endpoint
    set deleted_at = ${now}, enabled = false, secrets = '[]', updated_at = ${now}
    where id = ${asked.id} and scope = ${asked.scope} and deleted_at is null`.execute(tx);
  return numAffectedRows === 1n;
}

/** Locks the endpoint until the end of `tx`, so that two changes of its secrets do not lose one. */
export async function lockSecrets(
  tx: Tx,
  asked: { readonly scope: string; readonly id: bigint },
): Promise<readonly StoredSecret[] | undefined> {
  const { rows } = await sql<{ secrets: StoredSecret[] }>`
    select secrets from platform.webhook_endpoint
    where id = ${asked.id} and scope = ${asked.scope} and deleted_at is null for no key update`.execute(
    tx,
  );
  return rows[0]?.secrets;
}

export async function writeSecrets(
  tx: Tx,
  asked: { readonly id: bigint; readonly secrets: readonly StoredSecret[] },
  now: Date,
): Promise<void> {
  await sql`
    update platform.webhook_endpoint
    set secrets = ${JSON.stringify(asked.secrets)}::jsonb, updated_at = ${now}
    where id = ${asked.id}`.execute(tx);
}

export interface Origin {
  readonly scope: string;
  readonly url: string;
}

/** The callbacks of these origins that are there. */
export async function findCallbacks(
  executor: Executor,
  origins: readonly Origin[],
): Promise<readonly (Origin & { readonly id: bigint })[]> {
  const { rows } = await sql<Origin & { readonly id: bigint }>`
    select e.id, e.scope, e.url from platform.webhook_endpoint e
    join unnest(${origins.map(({ scope }) => scope)}::text[], ${origins.map(({ url }) => url)}::text[])
      as asked (scope, url) on asked.scope = e.scope and asked.url = e.url
    where e.kind = 'callback' and e.deleted_at is null`.execute(executor);
  return rows;
}

function fromRow(row: EndpointRow): WebhookEndpoint {
  return {
    ...{ id: row.id, scope: row.scope, kind: row.kind, url: row.url },
    ...{ eventTypes: row.event_types, description: row.description, enabled: row.enabled },
    ...{ disabledReason: row.disabled_reason ?? undefined, failures: row.failures },
    openUntil: row.open_until ?? undefined,
    ...{ createdAt: row.created_at, updatedAt: row.updated_at },
  };
}
