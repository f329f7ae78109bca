import { type Executor, sql, type Tx } from '#database';
import type { Terms } from './terms.ts';

interface TermsRow {
  readonly service_id: number;
  readonly code: string;
  readonly title: string;
  readonly operator: string;
  readonly open: boolean;
  readonly version: number;
  readonly price_minor: bigint;
  readonly currency: string;
  readonly period: Terms['period'];
  readonly charge_from_minute: number;
  readonly charge_to_minute: number;
  readonly retry_after_minutes: number[];
  readonly keep_days: number;
  readonly recent_hours: number;
  readonly texts: Record<string, string>;
  readonly card_price_minor: bigint | null;
  readonly card_currency: string | null;
  readonly card_period: Terms['period'] | null;
}

export interface ServiceTerms extends Terms {
  readonly open: boolean;
}

const COLUMNS =
  sql.raw(`t.service_id, s.code, s.title, s.operator, s.open, t.version, t.price_minor, t.currency,
  t.period, t.charge_from_minute, t.charge_to_minute, t.retry_after_minutes, t.keep_days, t.recent_hours, t.texts,
  p.card_price_minor, p.card_currency, p.card_period`);
const CARD_HALF = sql.raw(`left join subscriptions.plan_terms p
    on p.service_id = t.service_id and p.version = t.version`);

/** The newest terms of every service. */
export async function readNewestTerms(executor: Executor): Promise<readonly ServiceTerms[]> {
  const { rows } = await sql<TermsRow>`
    select distinct on (t.service_id) ${COLUMNS}
    from subscriptions.service_terms t join subscriptions.service s on s.id = t.service_id
    ${CARD_HALF}
    order by t.service_id, t.version desc limit 10000`.execute(executor);
  return rows.map(fromRow);
}

export async function readTerms(
  executor: Executor,
  keys: readonly { readonly serviceId: number; readonly version: number }[],
): Promise<readonly ServiceTerms[]> {
  const { rows } = await sql<TermsRow>`
    select ${COLUMNS}
    from unnest(${keys.map((key) => key.serviceId)}::integer[], ${keys.map((key) => key.version)}::integer[])
      as k (service_id, version)
    join subscriptions.service_terms t on t.service_id = k.service_id and t.version = k.version
    join subscriptions.service s on s.id = t.service_id ${CARD_HALF}`.execute(executor);
  return rows.map(fromRow);
}

function fromRow(row: TermsRow): ServiceTerms {
  return {
    serviceId: row.service_id,
    serviceCode: row.code,
    title: row.title,
    operator: row.operator,
    open: row.open,
    version: row.version,
    priceMinor: row.price_minor,
    currency: row.currency,
    period: row.period,
    chargeWindow: { fromMinute: row.charge_from_minute, toMinute: row.charge_to_minute },
    retryAfterMinutes: row.retry_after_minutes,
    keepDays: row.keep_days,
    recentHours: row.recent_hours,
    texts: row.texts,
    ...cardPriceFromRow(row),
  };
}

function cardPriceFromRow({ card_currency: currency, card_period: period, ...row }: TermsRow) {
  const { card_price_minor: priceMinor } = row;
  if (priceMinor === null || currency === null || period === null) return {};
  return { cardPrice: { priceMinor, currency, period } };
}

export interface NewTerms extends Omit<Terms, 'serviceId' | 'version'> {
  readonly createdAt: Date;
}

/** A service's next version of terms; the service itself is made when its code is new. */
export async function insertTerms(tx: Tx, terms: NewTerms): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into subscriptions.service (code, operator, title)
    values (${terms.serviceCode}, ${terms.operator}, ${terms.title})
    on conflict (code) do update set title = excluded.title
    returning id`.execute(tx);
  const serviceId = rows[0]?.id as number;
  await sql`
    insert into subscriptions.service_terms (service_id, version, price_minor, currency, period,
      charge_from_minute, charge_to_minute, retry_after_minutes, keep_days, recent_hours, texts, created_at)
    select ${serviceId}, coalesce(max(version), 0) + 1, ${terms.priceMinor}, ${terms.currency}, ${terms.period},
      ${terms.chargeWindow.fromMinute}, ${terms.chargeWindow.toMinute}, ${terms.retryAfterMinutes}::integer[],
      ${terms.keepDays}, ${terms.recentHours}, ${JSON.stringify(terms.texts)}::jsonb, ${terms.createdAt}
    from subscriptions.service_terms where service_id = ${serviceId}`.execute(tx);
  return serviceId;
}
