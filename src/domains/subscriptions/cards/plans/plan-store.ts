import { type Executor, sql, type Tx } from '#database';
import { parseDunningPolicy } from '#subscriptions/dunning';
import type { PlanPeriod } from '#subscriptions/terms';
import {
  type CarrierTerms,
  intervalOf,
  type NewPlan,
  type Plan,
  periodOfInterval,
} from './plan.ts';

interface PlanRow {
  readonly service_id: number;
  readonly code: string;
  readonly title: string;
  readonly operator: string;
  readonly open: boolean;
  readonly version: number;
  readonly price_minor: bigint;
  readonly currency: string;
  readonly period: PlanPeriod;
  readonly card_price_minor: bigint | null;
  readonly card_currency: string | null;
  readonly card_period: PlanPeriod | null;
  readonly texts: Record<string, string>;
  readonly created_at: Date;
  readonly methods: ('phone' | 'card')[];
  readonly time_zone: string;
  readonly setup_fee_minor: bigint;
  readonly trial_days: number;
  readonly tax_name: string;
  readonly tax_basis_points: number;
  readonly pause_days_most: number;
  readonly lead_minutes: number;
  readonly precision: Plan['precision'];
  readonly dunning: unknown;
  readonly on_dispute: Plan['onDispute'];
  readonly charge_from_minute: number;
  readonly charge_to_minute: number;
  readonly retry_after_minutes: number[];
  readonly keep_days: number;
  readonly recent_hours: number;
}

const COLUMNS =
  sql.raw(`t.service_id, s.code, s.title, s.operator, s.open, t.version, t.price_minor, t.currency, t.period,
  p.card_price_minor, p.card_currency, p.card_period,
  t.texts, t.created_at, p.methods, p.time_zone, p.setup_fee_minor, p.trial_days, p.tax_name, p.tax_basis_points,
  p.pause_days_most, p.lead_minutes, p.precision, p.dunning, p.on_dispute, t.charge_from_minute, t.charge_to_minute,
  t.retry_after_minutes, t.keep_days, t.recent_hours`);

const PLANS_MOST = 1000;

/** The newest version of every plan. Terms that no card pays are none. */
export async function readNewestPlans(executor: Executor): Promise<readonly Plan[]> {
  const { rows } = await sql<PlanRow>`
    select distinct on (t.service_id) ${COLUMNS}
    from subscriptions.plan_terms p
    join subscriptions.service_terms t on t.service_id = p.service_id and t.version = p.version
    join subscriptions.service s on s.id = t.service_id
    order by t.service_id, t.version desc limit ${PLANS_MOST}`.execute(executor);
  return rows.map(fromRow);
}

export async function readPlans(
  executor: Executor,
  keys: readonly { readonly plan: string; readonly version: number }[],
): Promise<readonly Plan[]> {
  const { rows } = await sql<PlanRow>`
    select ${COLUMNS}
    from unnest(${keys.map((key) => key.plan)}::text[], ${keys.map((key) => key.version)}::integer[]) as n (code, version)
    join subscriptions.service s on s.code = n.code
    join subscriptions.service_terms t on t.service_id = s.id and t.version = n.version
    join subscriptions.plan_terms p on p.service_id = t.service_id and p.version = t.version`.execute(
    executor,
  );
  return rows.map(fromRow);
}

/** All versions of a plan, the newest first. */
export async function readPlanVersions(executor: Executor, code: string): Promise<readonly Plan[]> {
  const { rows } = await sql<PlanRow>`
    select ${COLUMNS} from subscriptions.service s
    join subscriptions.service_terms t on t.service_id = s.id
    join subscriptions.plan_terms p on p.service_id = t.service_id and p.version = t.version
    where s.code = ${code} order by t.version desc limit ${PLANS_MOST}`.execute(executor);
  return rows.map(fromRow);
}

/** The card half of terms that were just written. */
export async function insertPlanTerms(
  tx: Tx,
  { plan, serviceId, version }: { plan: NewPlan; serviceId: number; version: number },
): Promise<void> {
  const { price } = plan;
  // The operator's price stands in the terms; the card's beside it only where it is another.
  const own = plan.carrier?.price && {
    ...{ priceMinor: price.unitPriceMinor, currency: price.currency },
    period: periodOfInterval(price.interval),
  };
  await sql`
    insert into subscriptions.plan_terms (service_id, version, methods, time_zone, setup_fee_minor, trial_days, tax_name,
      tax_basis_points, pause_days_most, lead_minutes, precision, dunning, on_dispute,
      card_price_minor, card_currency, card_period)
    values (${serviceId}, ${version}, ${plan.methods}::text[], ${plan.timeZone}, ${price.setupFeeMinor}, ${plan.trialDays},
      ${price.tax.name}, ${price.tax.basisPoints}, ${plan.pauseDaysMost}, ${plan.leadMinutes}, ${plan.precision},
      ${JSON.stringify(plan.dunning)}::jsonb, ${plan.onDispute ?? 'end'},
      ${own?.priceMinor ?? null}, ${own?.currency ?? null}, ${own?.period ?? null})`.execute(tx);
}

export async function newestVersion(tx: Tx, serviceId: number): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select max(version) as version from subscriptions.service_terms where service_id = ${serviceId}`.execute(
    tx,
  );
  return rows[0]?.version ?? 0;
}

function fromRow(row: PlanRow): Plan {
  return {
    serviceId: row.service_id,
    code: row.code,
    title: row.title,
    operator: row.operator,
    open: row.open,
    price: {
      plan: row.code,
      version: row.version,
      unitPriceMinor: row.card_price_minor ?? row.price_minor,
      setupFeeMinor: row.setup_fee_minor,
      currency: row.card_currency ?? row.currency,
      interval: intervalOf(row.card_period ?? row.period),
      tax: { name: row.tax_name, basisPoints: row.tax_basis_points },
      effectiveFrom: row.created_at,
    },
    methods: row.methods,
    timeZone: row.time_zone,
    trialDays: row.trial_days,
    pauseDaysMost: row.pause_days_most,
    leadMinutes: row.lead_minutes,
    precision: row.precision,
    dunning: parseDunningPolicy(row.dunning),
    onDispute: row.on_dispute,
    carrier: {
      chargeWindow: { fromMinute: row.charge_from_minute, toMinute: row.charge_to_minute },
      retryAfterMinutes: row.retry_after_minutes,
      keepDays: row.keep_days,
      recentHours: row.recent_hours,
      ...phonePriceFromRow(row),
    },
    texts: row.texts,
  };
}

/** Only where it is another than the card's. */
function phonePriceFromRow(row: PlanRow): Pick<CarrierTerms, 'price'> {
  const { card_price_minor: cardPriceMinor, currency, period, price_minor: priceMinor } = row;
  return cardPriceMinor === null ? {} : { price: { priceMinor, currency, period } };
}
