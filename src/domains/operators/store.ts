import { type Executor, sql, type Tx } from '#database';
import type { Operator } from './operator.ts';

interface OperatorRow {
  readonly name: string;
  readonly title: string;
  readonly country_code: string;
  readonly trunk_prefix: string;
  readonly msisdn_digits: number;
  readonly msisdn_format: Operator['msisdnFormat'];
  readonly time_zone: string;
  readonly currency: string;
  readonly short_code: string;
  readonly base_url: string;
  readonly requests_per_second: string;
  readonly timeout_ms: number;
  readonly inquiry: Operator['inquiry'];
  readonly settle_ms: number;
  readonly refunds: boolean;
  readonly msisdn_header: string;
  readonly query_msisdn: boolean;
  readonly prefixes: readonly string[];
  readonly ranges: readonly string[];
  readonly open_ms: number | null;
}

export interface OperatorState {
  readonly operator: Operator;
  /** How much longer its breaker stays open, by the database's clock; 0 when it is closed. */
  readonly openMs: number;
}

/** All operators with what belongs to them, in one round trip: it is asked every second. */
export async function readOperators(executor: Executor): Promise<readonly OperatorState[]> {
  const { rows } = await sql<OperatorRow>`
    select o.*, p.prefixes, r.ranges,
      (extract(epoch from b.open_until - clock_timestamp()) * 1000)::float8 as open_ms
    from operators.operator o
    cross join lateral (
      select coalesce(array_agg(prefix order by prefix), '{}') as prefixes
      from operators.prefix where operator = o.name
    ) p
    cross join lateral (
      select coalesce(array_agg(range::text order by range), '{}') as ranges
      from operators.address_range where operator = o.name
    ) r
    left join operators.breaker b on b.operator = o.name
    order by o.name`.execute(executor);
  return rows.map((row) => ({ operator: fromRow(row), openMs: Math.max(0, row.open_ms ?? 0) }));
}

function fromRow(row: OperatorRow): Operator {
  return {
    name: row.name,
    title: row.title,
    plan: {
      countryCode: row.country_code,
      trunkPrefix: row.trunk_prefix,
      digits: row.msisdn_digits,
      prefixes: row.prefixes,
    },
    msisdnFormat: row.msisdn_format,
    timeZone: row.time_zone,
    currency: row.currency,
    shortCode: row.short_code,
    baseUrl: row.base_url,
    requestsPerSecond: Number(row.requests_per_second),
    timeoutMs: row.timeout_ms,
    inquiry: row.inquiry,
    settleMs: row.settle_ms,
    refunds: row.refunds,
    msisdnHeader: row.msisdn_header.toLowerCase(),
    queryMsisdn: row.query_msisdn,
    addressRanges: row.ranges,
  };
}

/** Writes an operator down, or brings the one of that name up to date. */
export async function saveOperator(tx: Tx, operator: Operator): Promise<void> {
  const { plan } = operator;
  await sql`
    insert into operators.operator (name, title, country_code, trunk_prefix, msisdn_digits, msisdn_format,
      time_zone, currency, short_code, base_url, requests_per_second, timeout_ms, inquiry, settle_ms, msisdn_header,
      query_msisdn, refunds)
    values (${operator.name}, ${operator.title}, ${plan.countryCode}, ${plan.trunkPrefix}, ${plan.digits},
      ${operator.msisdnFormat}, ${operator.timeZone}, ${operator.currency}, ${operator.shortCode},
      ${operator.baseUrl}, ${operator.requestsPerSecond}, ${operator.timeoutMs}, ${operator.inquiry},
      ${operator.settleMs}, ${operator.msisdnHeader}, ${operator.queryMsisdn}, ${operator.refunds})
    on conflict (name) do update set title = excluded.title, country_code = excluded.country_code,
      trunk_prefix = excluded.trunk_prefix, msisdn_digits = excluded.msisdn_digits,
      msisdn_format = excluded.msisdn_format, time_zone = excluded.time_zone, currency = excluded.currency,
      short_code = excluded.short_code, base_url = excluded.base_url,
      requests_per_second = excluded.requests_per_second, timeout_ms = excluded.timeout_ms,
      inquiry = excluded.inquiry, settle_ms = excluded.settle_ms, msisdn_header = excluded.msisdn_header,
      query_msisdn = excluded.query_msisdn, refunds = excluded.refunds`.execute(tx);
  await sql`delete from operators.prefix where operator = ${operator.name}`.execute(tx);
  await sql`
    insert into operators.prefix (operator, prefix)
    select ${operator.name}, prefix from unnest(${plan.prefixes}::text[]) prefix`.execute(tx);
  await sql`delete from operators.address_range where operator = ${operator.name}`.execute(tx);
  await sql`
    insert into operators.address_range (operator, range)
    select ${operator.name}, range from unnest(${operator.addressRanges}::cidr[]) range`.execute(
    tx,
  );
}

export async function writeBreaker(
  executor: Executor,
  operator: string,
  openMs: number,
): Promise<void> {
  await sql`
    insert into operators.breaker (operator, open_until)
    values (${operator}, clock_timestamp() + make_interval(secs => ${openMs / 1000}))
    on conflict (operator) do update set open_until = excluded.open_until`.execute(executor);
}

export type NumberList = 'blacklist' | 'postpaid';

/** Puts numbers on a list; those that stand there already stay as they are. Sorted, against deadlocks. */
export async function addToNumberList(
  tx: Tx,
  input: {
    readonly list: NumberList;
    readonly msisdns: readonly string[];
    readonly reason: string;
    readonly at: Date;
  },
): Promise<void> {
  if (input.msisdns.length === 0) return;
  const sorted = [...new Set(input.msisdns)].sort();
  await sql`
    insert into operators.number_list (msisdn, list, reason, added_at)
    select msisdn, ${input.list}, ${input.reason}, ${input.at} from unnest(${sorted}::text[]) msisdn
    on conflict do nothing`.execute(tx);
}

/** Which of these numbers stand on a list; a number on both is `blacklist`, the stronger reason. */
export async function findListed(
  executor: Executor,
  msisdns: readonly string[],
): Promise<ReadonlyMap<string, NumberList>> {
  const { rows } = await sql<{ msisdn: string; list: NumberList }>`
    select msisdn, min(list) as list from operators.number_list
    where msisdn = any (${msisdns}::text[]) group by msisdn`.execute(executor);
  return new Map(rows.map((row) => [row.msisdn, row.list]));
}
