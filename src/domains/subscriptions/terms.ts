import type { DailyWindow, Period } from '#clock';

/** What a person agreed to: a version never changes. */
export interface Terms {
  readonly serviceId: number;
  readonly serviceCode: string;
  readonly title: string;
  readonly operator: string;
  readonly version: number;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: Period;
  /** When the operator may be asked for money, in the operator's time zone. */
  readonly chargeWindow: DailyWindow;
  /** Minutes after a period's first attempt at which it is tried again. */
  readonly retryAfterMinutes: readonly number[];
  readonly keepDays: number;
  readonly recentHours: number;
  /** SMS texts by occasion: `welcome`, `receipt`, `content`, `failed`, `unsubscribed`, `rejected`, … */
  readonly texts: Readonly<Record<string, string>>;
}

/** `Music: 5.00 PKR a day`: how a price is said on a page and in a message. */
export function priceInWords(price: string, period: Period): string {
  return `${price} a ${period === 'daily' ? 'day' : 'week'}`;
}
