import type { Difference } from './judge.ts';
import type { StageSum } from './our-store.ts';

/** All accounts of one stage in one currency, together. */
export interface StageBalance {
  readonly stage: 'reserved' | 'sent';
  readonly currency: string;
  readonly balanceMinor: bigint;
}

/**
 * Whether the stage accounts hold what our payouts say: what is being moved at this moment may be counted on either
 * side. It finds money that no payout accounts for, which no look at single payouts would.
 */
export function compareStages(
  ours: readonly StageSum[],
  balances: readonly StageBalance[],
): readonly Difference[] {
  const keys = new Set([
    ...ours.flatMap(({ currency }) => [`reserved ${currency}`, `sent ${currency}`]),
    ...balances.map(({ currency, stage }) => `${stage} ${currency}`),
  ]);
  return [...keys].flatMap((key) => {
    const [stage, currency] = key.split(' ');
    const sum = ours.find((one) => one.currency === currency);
    const least = (stage === 'reserved' ? sum?.reservedMinor : sum?.sentMinor) ?? 0n;
    const most = least + (sum?.movingMinor ?? 0n);
    const balance = balances.find((one) => one.stage === stage && one.currency === currency);
    const there = balance?.balanceMinor ?? 0n;
    if (there >= least && there <= most) return [];
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    const message = `payout-${stage} accounts hold ${there} ${currency}, our payouts say ${wanted}`;
    return [{ kind: 'money_elsewhere' as const, erpId: '', payout: '', message }];
  });
}
