import { type FieldFault, must } from '#errors';
import { fail } from './errors.ts';
import { formatInterval, type Interval, isInterval } from './interval.ts';
import type { Tax } from './tax.ts';

/** One version of a plan's price: it never changes. A new price is a new version. */
export interface Price {
  readonly plan: string;
  readonly version: number;
  /** For one unit and one whole period, tax included. */
  readonly unitPriceMinor: bigint;
  /** Asked once, with the first paid period; never prorated, and never asked again by a later version. */
  readonly setupFeeMinor: bigint;
  readonly currency: string;
  readonly interval: Interval;
  readonly tax: Tax;
  /** From when on new subscribers agree to it. */
  readonly effectiveFrom: Date;
}

/** What a subscriber agreed to, and where he was moved since (with his knowledge). */
export interface Agreement {
  readonly plan: string;
  readonly version: number;
  readonly moves: readonly { readonly version: number; readonly effectiveAt: Date }[];
}

export const QUANTITY_MOST = 10_000;
const PRICE_MOST = 10n ** 13n;

/** Throws `price_invalid` unless the versions of each plan are distinct, come later than those before them, and are prices. */
export function checkPrices(prices: readonly Price[]): void {
  const faults = prices.flatMap((price, index) => priceFaults(prices, price, index));
  const [first] = faults;
  if (!first) return;
  const text = `The prices can't be used: ${first.field} ${first.message}.`;
  throw fail('price_invalid', text, { faults });
}

function priceFaults(prices: readonly Price[], price: Price, index: number): readonly FieldFault[] {
  const say = (name: string, message: string) => ({ field: `prices.${index}.${name}`, message });
  const isAmount = (amount: bigint) => amount >= 0n && amount <= PRICE_MOST;
  const others = prices.slice(0, index).filter(({ plan }) => plan === price.plan);
  const { basisPoints } = price.tax;
  return [
    ...(isAmount(price.unitPriceMinor) ? [] : [say('unitPriceMinor', 'must be 0 or more')]),
    ...(isAmount(price.setupFeeMinor) ? [] : [say('setupFeeMinor', 'must be 0 or more')]),
    ...(isInterval(price.interval) ? [] : [say('interval', 'must be 1–366 days or 1–12 months')]),
    ...(Number.isInteger(basisPoints) && basisPoints >= 0 && basisPoints <= 10_000
      ? []
      : [say('tax.basisPoints', 'must be a whole number from 0 to 10000')]),
    ...(others.every(({ version }) => version < price.version)
      ? []
      : [say('version', 'must be higher than that of the version before')]),
    ...(others.every(({ effectiveFrom }) => effectiveFrom <= price.effectiveFrom)
      ? []
      : [say('effectiveFrom', 'must not be before that of the version before')]),
  ];
}

/** What a new subscriber agrees to at `at`; undefined while the plan is not on sale yet. */
export function priceInForce(prices: readonly Price[], plan: string, at: Date): Price | undefined {
  return prices.findLast((price) => price.plan === plan && price.effectiveFrom <= at);
}

/** What this subscriber pays for a period that starts at `at`: his own version until he was moved, whatever is on sale. */
export function priceAgreed(prices: readonly Price[], agreement: Agreement, at: Date): Price {
  const move = agreement.moves
    .filter(({ effectiveAt }) => effectiveAt <= at)
    .toSorted((one, other) => one.effectiveAt.getTime() - other.effectiveAt.getTime())
    .at(-1);
  const version = move?.version ?? agreement.version;
  const price = prices.find((one) => one.plan === agreement.plan && one.version === version);
  must(price, `version ${version} of ${agreement.plan} is kept as long as somebody pays it`);
  return price;
}

/** `pro@2 (month)`: for lines that people read. */
export function priceName({ interval, plan, version }: Price): string {
  return `${plan}@${version} (${formatInterval(interval)})`;
}
