import { must } from '#errors';
import type { BilledPeriod } from './billed-period.ts';
import { discountPrice } from './coupon.ts';
import type { ChargedLine, PricedSubscription, Selection } from './priced-subscription.ts';
import { NOTHING, type Share, shareOf, WHOLE } from './share.ts';
import { type Tax, taxWithin } from './tax.ts';

/** One line of a quote, and later of a bill. Lines of nothing are lines too: they are what a later credit goes back to. */
export interface QuoteLine {
  /** `credit` gives back the unused part of what was charged; `trial` costs nothing. */
  readonly kind: 'plan' | 'setup_fee' | 'credit' | 'trial';
  readonly plan: string;
  readonly version: number;
  readonly quantity: number;
  /** Number of the period that it is about. */
  readonly period: number;
  readonly from: Date;
  readonly until: Date;
  readonly periodPriceMinor: bigint;
  /** Of the whole original period. */
  readonly share: Share;
  /** Below 0 for a credit. */
  readonly amountMinor: bigint;
  /** The tax within the amount, with its sign. */
  readonly taxMinor: bigint;
  readonly tax: Tax;
}

/** What a whole period costs: price × quantity, less the coupons of that period. */
export function periodPriceOf(
  { price, quantity }: Selection,
  { coupons }: Pick<PricedSubscription, 'coupons'>,
  period: number,
): bigint {
  const listed = price.unitPriceMinor * BigInt(quantity);
  return discountPrice(listed, coupons, { period, currency: price.currency });
}

/** The plan from `from` on, for `share` of the period. */
export function planLine(
  selection: Selection,
  about: {
    readonly subscription: Pick<PricedSubscription, 'coupons'>;
    readonly period: BilledPeriod;
    readonly from: Date;
    readonly share: Share;
  },
): QuoteLine {
  const { from, period, share, subscription } = about;
  const { price } = selection;
  const periodPriceMinor = periodPriceOf(selection, subscription, period.number);
  const amountMinor = shareOf(periodPriceMinor, share);
  return {
    ...{ kind: 'plan', from, until: period.endsAt, ...named(selection), period: period.number },
    ...{ periodPriceMinor, share, amountMinor },
    ...{ tax: price.tax, taxMinor: taxWithin(amountMinor, price.tax) },
  };
}

/** The first paid period asks for the set-up fee, and no other ever does. */
export function wholePeriodLines(
  selection: Selection,
  subscription: Pick<PricedSubscription, 'coupons'>,
  period: BilledPeriod,
): readonly QuoteLine[] {
  const line = planLine(selection, { subscription, period, from: period.start, share: WHOLE });
  const { setupFeeMinor: amountMinor, tax } = selection.price;
  if (period.number !== 0 || amountMinor === 0n) return [line];
  const taxMinor = taxWithin(amountMinor, tax);
  return [
    line,
    {
      ...line,
      kind: 'setup_fee',
      quantity: 1,
      periodPriceMinor: amountMinor,
      amountMinor,
      taxMinor,
    },
  ];
}

export function trialLine(selection: Selection, trial: BilledPeriod, from: Date): QuoteLine {
  return {
    ...{ kind: 'trial', ...named(selection), period: trial.number, from, until: trial.endsAt },
    ...{ periodPriceMinor: 0n, share: NOTHING, amountMinor: 0n, taxMinor: 0n },
    tax: selection.price.tax,
  };
}

/**
 * What of a charged line is given back when it ends at `from`: the share of what the whole period was invoiced at, never more than
 * was charged or really paid.
 */
export function creditLine(
  line: ChargedLine,
  about: { readonly period: BilledPeriod; readonly from: Date; readonly share: Share },
): QuoteLine {
  const { from, period, share } = about;
  const unused = shareOf(line.periodPriceMinor, share);
  const most = line.paidMinor < line.amountMinor ? line.paidMinor : line.amountMinor;
  const credited = unused < most ? unused : most;
  must(credited >= 0n, 'what was paid is not negative');
  // Of the tax, what is left when the used part has kept its own: so both sum to that of the whole.
  const keptTax = taxWithin(line.amountMinor - credited, line.tax);
  return {
    ...{ kind: 'credit', plan: line.plan, version: line.version, quantity: line.quantity },
    ...{ period: period.number, from, until: period.endsAt, share },
    ...{ periodPriceMinor: line.periodPriceMinor, amountMinor: -credited },
    ...{ tax: line.tax, taxMinor: keptTax - taxWithin(line.amountMinor, line.tax) },
  };
}

/** The line as it is kept after it was paid. */
export function chargedLine({ kind, ...line }: QuoteLine): ChargedLine {
  must(kind === 'plan', 'only a plan is credited later');
  const { amountMinor, from, periodPriceMinor, plan, quantity, share, tax, version } = line;
  return {
    ...{ plan, version, quantity, periodPriceMinor, share, amountMinor, tax, from },
    paidMinor: amountMinor,
  };
}

function named({ price, quantity }: Selection) {
  return { plan: price.plan, version: price.version, quantity };
}
