import { type Executor, sql, type Tx } from '#database';
import type { AccountState, ProviderAccount } from './account.ts';

interface AccountRow {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sealed_secrets: string;
  readonly requests_per_second: string;
  readonly sender_per_second: string | null;
  readonly entity_per_second: string | null;
  readonly version: number;
  readonly open_ms: number;
  readonly closed_reason: string | null;
}

const COLUMNS =
  sql.raw(`a.name, a.kind, a.title, a.enabled, a.settings, a.sealed_secrets, a.requests_per_second,
  a.sender_per_second, a.entity_per_second, a.version, a.closed_reason,
  greatest(0, extract(epoch from a.open_until - clock_timestamp()) * 1000)::float8 as open_ms`);
const ACCOUNTS_MOST = 1000;

export async function readAccounts(executor: Executor): Promise<readonly AccountState[]> {
  const { rows } = await sql<AccountRow>`
    select ${COLUMNS} from sms.provider_account a order by a.name limit ${ACCOUNTS_MOST}`.execute(
    executor,
  );
  return rows.map(fromRow);
}

export async function lockAccount(tx: Tx, name: string): Promise<AccountState | undefined> {
  const { rows } = await sql<AccountRow>`
    select ${COLUMNS} from sms.provider_account a where a.name = ${name} for update`.execute(tx);
  return rows[0] && fromRow(rows[0]);
}

function fromRow(row: AccountRow): AccountState {
  const rate = (text: string | null) => (text === null ? undefined : Number(text));
  return {
    account: {
      ...{ name: row.name, kind: row.kind, title: row.title, enabled: row.enabled },
      ...{ settings: row.settings, version: row.version },
      requestsPerSecond: Number(row.requests_per_second),
      senderPerSecond: rate(row.sender_per_second),
      entityPerSecond: rate(row.entity_per_second),
    },
    sealedSecrets: row.sealed_secrets,
    openMs: row.open_ms ?? 0,
    closedReason: row.closed_reason ?? undefined,
  };
}

export async function writeAccount(
  tx: Tx,
  input: {
    readonly account: Omit<ProviderAccount, 'version'>;
    readonly sealedSecrets: string;
    readonly now: Date;
  },
): Promise<void> {
  const { account, now, sealedSecrets } = input;
  await sql`
    insert into sms.provider_account as a (name, kind, title, enabled, settings, sealed_secrets, requests_per_second,
      sender_per_second, entity_per_second, created_at, updated_at)
    values (${account.name}, ${account.kind}, ${account.title}, ${account.enabled},
      ${JSON.stringify(account.settings)}::jsonb, ${sealedSecrets}, ${account.requestsPerSecond},
      ${account.senderPerSecond ?? null}, ${account.entityPerSecond ?? null}, ${now}, ${now})
    on conflict (name) do update set kind = excluded.kind, title = excluded.title, enabled = excluded.enabled,
      settings = excluded.settings, sealed_secrets = excluded.sealed_secrets,
      requests_per_second = excluded.requests_per_second, sender_per_second = excluded.sender_per_second,
      entity_per_second = excluded.entity_per_second, version = a.version + 1, open_until = null,
      closed_reason = null, updated_at = excluded.updated_at`.execute(tx);
}

export async function insertAccountChange(
  tx: Tx,
  change: {
    readonly name: string;
    readonly at: Date;
    readonly actor: string;
    readonly before: unknown;
    readonly after: unknown;
  },
): Promise<void> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  await sql`
    insert into sms.provider_account_change (name, at, actor, before, after)
    values (${change.name}, ${change.at}, ${change.actor}, ${json(change.before)}::jsonb,
      ${json(change.after)}::jsonb)`.execute(tx);
}

/** All copies stop sending for so long. Real time; a later end stays. */
export async function closeAccount(
  executor: Executor,
  input: { readonly name: string; readonly forMs: number; readonly reason: string },
): Promise<void> {
  await sql`
    update sms.provider_account set closed_reason = ${input.reason},
      open_until = greatest(open_until, clock_timestamp() + make_interval(secs => ${input.forMs / 1000}))
    where name = ${input.name}`.execute(executor);
}
