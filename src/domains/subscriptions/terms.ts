import type { DailyWindow, Period } from '#clock';
import { must } from '#errors';

/** How long a period is: `daily` and `weekly` by operators; by card also `month`, `three_months`, `year`, `10_days`. */
export type PlanPeriod = Period | 'month' | 'three_months' | 'year' | `${number}_days`;

/** What a person agreed to: a version never changes. */
export interface Terms {
  readonly serviceId: number;
  readonly serviceCode: string;
  readonly title: string;
  readonly operator: string;
  readonly version: number;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: PlanPeriod;
  /** When the operator may be asked for money, in the operator's time zone. */
  readonly chargeWindow: DailyWindow;
  /** Minutes after a period's first attempt at which it is tried again. */
  readonly retryAfterMinutes: readonly number[];
  readonly keepDays: number;
  readonly recentHours: number;
  /** SMS texts by occasion: `welcome`, `receipt`, `content`, `failed`, `unsubscribed`, `rejected`, … */
  readonly texts: Readonly<Record<string, string>>;
  /** What a card pays, where that is another price than the operator's. */
  readonly cardPrice?: Pick<Terms, 'priceMinor' | 'currency' | 'period'>;
}

/** Of what an operator charges. */
export function carrierPeriod({
  period,
  serviceCode,
}: Pick<Terms, 'period' | 'serviceCode'>): Period {
  must(isCarrierPeriod(period), `${serviceCode} is charged daily or weekly by its operator`);
  return period;
}

export function isCarrierPeriod(period: PlanPeriod): period is Period {
  return period === 'daily' || period === 'weekly';
}

const NAMES: Readonly<Record<string, string>> = {
  daily: 'a day',
  weekly: 'a week',
  month: 'a month',
  three_months: 'every 3 months',
  year: 'a year',
};

/** `Music: 5.00 PKR a day`: how a price is said on a page and in a message. */
export function priceInWords(price: string, period: PlanPeriod): string {
  return `${price} ${NAMES[period] ?? `every ${period.replace('_', ' ')}`}`;
}
