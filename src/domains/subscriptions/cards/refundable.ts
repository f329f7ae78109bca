import type { Tx } from '#database';
import type { CardCase } from './card-case.ts';
import type { CardContext } from './card-context.ts';

/**
 * What of the payments of the current period can still be given back, as payments know it now: staff may have refunded of them apart
 * from any quote, and then less was really paid for the line.
 */
export async function withRefundable(
  { payments }: CardContext,
  tx: Tx,
  cases: readonly CardCase[],
): Promise<readonly CardCase[]> {
  const refreshed: CardCase[] = [];
  for (const one of cases) refreshed.push(await refresh(payments, tx, one));
  return refreshed;
}

async function refresh(
  payments: CardContext['payments'],
  tx: Tx,
  one: CardCase,
): Promise<CardCase> {
  const { priced } = one;
  if (priced.payments.length === 0) return one;
  const fresh = [];
  let lessMinor = 0n;
  for (const { payment, refundableMinor } of priced.payments) {
    const { leftMinor } = await leftOf(payments, tx, payment);
    const left = leftMinor < refundableMinor ? leftMinor : refundableMinor;
    lessMinor += refundableMinor - left;
    fresh.push({ payment, refundableMinor: left });
  }
  if (lessMinor === 0n) return one;
  const { line } = priced;
  const paid = line && line.paidMinor > lessMinor ? line.paidMinor - lessMinor : 0n;
  return {
    ...one,
    priced: { ...priced, payments: fresh, line: line && { ...line, paidMinor: paid } },
  };
}

async function leftOf(payments: CardContext['payments'], tx: Tx, payment: string) {
  const report = await payments.report(tx, payment);
  return { leftMinor: report.amountMinor - report.refundedMinor };
}
