import type { DunningPolicy } from '#subscriptions/dunning';
import {
  formatInterval,
  type Interval,
  type Precision,
  type Price,
  parseInterval,
} from '#subscriptions/pricing';
import type { PlanPeriod, Terms } from '#subscriptions/terms';

/** What a yes is given to. */
export interface PricedOffer {
  readonly title: string;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: PlanPeriod;
}

/** What a person who pays by card agreed to: a version never changes. */
export interface Plan {
  readonly serviceId: number;
  /** The service's code: what people and programs call the plan. */
  readonly code: string;
  readonly title: string;
  readonly operator: string;
  readonly open: boolean;
  readonly price: Price;
  readonly methods: readonly ('phone' | 'card')[];
  readonly timeZone: string;
  readonly trialDays: number;
  /** 0: it can't be paused. */
  readonly pauseDaysMost: number;
  /** How long before a period begins its money is asked for. */
  readonly leadMinutes: number;
  readonly precision: Precision;
  readonly dunning: DunningPolicy;
  /** What becomes of it when its payer's bank takes a payment back: it ends, or goes on as if nothing had been said. */
  readonly onDispute: 'end' | 'keep';
  /** When and how its operator charges it, where it does. */
  readonly carrier: CarrierTerms;
  /** SMS texts by occasion: `welcome`, `receipt`, `charge_coming`, `charge_failed`, `held`, … */
  readonly texts: Readonly<Record<string, string>>;
}

/** When and how an operator charges a plan. Its price is the card's unless it is named here. */
export type CarrierTerms = Pick<
  Terms,
  'chargeWindow' | 'retryAfterMinutes' | 'keepDays' | 'recentHours'
> & { readonly price?: Pick<Terms, 'priceMinor' | 'currency' | 'period'> };

/** A plan's next version. `methods` with `phone`: its operator may charge it too, daily or weekly, and at a price of its own. */
export interface NewPlan
  extends Pick<
    Plan,
    | 'code'
    | 'title'
    | 'operator'
    | 'methods'
    | 'timeZone'
    | 'trialDays'
    | 'pauseDaysMost'
    | 'leadMinutes'
    | 'precision'
    | 'dunning'
    | 'texts'
  > {
  readonly price: Omit<Price, 'plan' | 'version' | 'effectiveFrom'>;
  readonly carrier?: Partial<CarrierTerms>;
  /** `end` unless told. */
  readonly onDispute?: Plan['onDispute'];
}

/** How long a period of these terms is, in the words of pricing. */
export function intervalOf(period: PlanPeriod): Interval {
  if (period === 'daily') return { unit: 'day', count: 1 };
  return parseInterval(period === 'weekly' ? 'week' : period);
}

/** The words of terms, which operators share. */
export function periodOfInterval(interval: Interval): PlanPeriod {
  const text = formatInterval(interval);
  if (text === '1_days') return 'daily';
  return text === 'week' ? 'weekly' : (text as PlanPeriod);
}
