import { type Executor, sql, type Tx } from '#database';
import type { ReceiptSettings } from '#payments/card-gateway';
import type { CardMethod, GatewayAccount, GatewayAccountState, GatewayKind } from './account.ts';

interface AccountRow {
  readonly name: string;
  readonly kind: GatewayKind;
  readonly title: string;
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sealed_secrets: string;
  readonly requests_per_second: string;
  readonly currencies: readonly string[] | null;
  readonly amount_min_minor: bigint | null;
  readonly amount_max_minor: bigint | null;
  readonly brands: readonly string[] | null;
  readonly methods: readonly CardMethod[] | null;
  readonly weight: number;
  readonly reserve: number | null;
  readonly receipts: ReceiptSettings | null;
  readonly version: number;
  readonly open_ms: number | null;
  readonly closed_reason: string | null;
}

const COLUMNS = sql.raw(`a.name, a.kind, a.title, a.enabled, a.settings, a.sealed_secrets,
  a.requests_per_second, a.currencies, a.amount_min_minor, a.amount_max_minor, a.brands, a.methods, a.weight,
  a.reserve, a.receipts, a.version, a.closed_reason,
  (extract(epoch from a.open_until - clock_timestamp()) * 1000)::float8 as open_ms`);
const ACCOUNTS_MOST = 1000;

export async function readGatewayAccounts(
  executor: Executor,
): Promise<readonly GatewayAccountState[]> {
  const { rows } = await sql<AccountRow>`
    select ${COLUMNS} from payments.gateway_account a order by a.name limit ${ACCOUNTS_MOST}`.execute(
    executor,
  );
  return rows.map(fromRow);
}

export async function readGatewayAccount(
  executor: Executor,
  name: string,
): Promise<GatewayAccountState | undefined> {
  const { rows } = await sql<AccountRow>`
    select ${COLUMNS} from payments.gateway_account a where a.name = ${name}`.execute(executor);
  return rows[0] && fromRow(rows[0]);
}

export async function lockGatewayAccount(
  tx: Tx,
  name: string,
): Promise<GatewayAccountState | undefined> {
  const { rows } = await sql<AccountRow>`
    select ${COLUMNS} from payments.gateway_account a where a.name = ${name} for update`.execute(
    tx,
  );
  return rows[0] && fromRow(rows[0]);
}

function fromRow(row: AccountRow): GatewayAccountState {
  const { amount_max_minor, amount_min_minor, brands, currencies, methods, receipts } = row;
  return {
    account: {
      ...{ name: row.name, kind: row.kind, title: row.title, enabled: row.enabled },
      ...{ settings: row.settings, requestsPerSecond: Number(row.requests_per_second) },
      ...(currencies ? { currencies } : {}),
      ...(amount_min_minor === null ? {} : { amountMinMinor: amount_min_minor }),
      ...(amount_max_minor === null ? {} : { amountMaxMinor: amount_max_minor }),
      ...(brands ? { brands } : {}),
      ...(methods ? { methods } : {}),
      weight: row.weight,
      ...(row.reserve === null ? {} : { reserve: row.reserve }),
      ...(receipts ? { receipts } : {}),
      version: row.version,
    },
    sealedSecrets: row.sealed_secrets,
    openMs: row.open_ms ?? undefined,
    closedReason: row.closed_reason ?? undefined,
  };
}

export interface AccountWrite {
  readonly account: Omit<GatewayAccount, 'version'>;
  readonly sealedSecrets: string;
  readonly now: Date;
}

/** False where there is one of that name by now, committed or about to be: it waits for whoever is making it. */
export async function insertGatewayAccount(tx: Tx, write: AccountWrite): Promise<boolean> {
  const { account: a, now, sealedSecrets } = write;
  const { numAffectedRows } = await sql`
    insert into payments.gateway_account (name, kind, title, enabled, settings, sealed_secrets, requests_per_second,
      currencies, amount_min_minor, amount_max_minor, brands, methods, weight, reserve, receipts, created_at, updated_at)
    values (${a.name}, ${a.kind}, ${a.title}, ${a.enabled}, ${json(a.settings)}::jsonb, ${sealedSecrets},
      ${a.requestsPerSecond}, ${list(a.currencies)}, ${a.amountMinMinor ?? null}, ${a.amountMaxMinor ?? null},
      ${list(a.brands)}, ${list(a.methods)}, ${a.weight}, ${a.reserve ?? null}, ${json(a.receipts)}::jsonb,
      ${now}, ${now})
    on conflict (name) do nothing`.execute(tx);
  return numAffectedRows === 1n;
}

/** A person has looked at it: its breaker is closed with that. */
export async function updateGatewayAccount(tx: Tx, write: AccountWrite): Promise<void> {
  const { account: a, now, sealedSecrets } = write;
  await sql`
    update payments.gateway_account set title = ${a.title}, enabled = ${a.enabled},
      settings = ${json(a.settings)}::jsonb, sealed_secrets = ${sealedSecrets},
      requests_per_second = ${a.requestsPerSecond}, currencies = ${list(a.currencies)},
      amount_min_minor = ${a.amountMinMinor ?? null}, amount_max_minor = ${a.amountMaxMinor ?? null},
      brands = ${list(a.brands)}, methods = ${list(a.methods)}, weight = ${a.weight}, reserve = ${a.reserve ?? null},
      receipts = ${json(a.receipts)}::jsonb, version = version + 1, open_until = null, openings = 0,
      closed_reason = null, updated_at = ${now}
    where name = ${a.name}`.execute(tx);
}

export async function insertGatewayAccountChange(
  tx: Tx,
  change: {
    readonly name: string;
    readonly at: Date;
    readonly actor: string;
    readonly before: unknown;
    readonly after: unknown;
  },
): Promise<void> {
  await sql`
    insert into payments.gateway_account_change (name, at, actor, before, after)
    values (${change.name}, ${change.at}, ${change.actor}, ${json(change.before)}::jsonb,
      ${json(change.after)}::jsonb)`.execute(tx);
}

function json(value: unknown): string | null {
  if (value === undefined) return null;
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? Number(one) : one));
}

/** One array parameter; pg spells it. */
function list(values: readonly string[] | undefined): string[] | null {
  return values ? [...values] : null;
}
