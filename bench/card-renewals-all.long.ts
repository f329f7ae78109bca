import { renewals } from './card-renewals.ts';
import type { BenchContext } from './frame/claim.ts';

export const name = 'card-renewals-all';
export const claim =
  'the first of a month: a hundred thousand renewals by card that fall due at once, as card-renewals measures five thousand';

const RENEWALS = Number(process.env.KOPEK_BENCH_RENEWALS ?? '100000');

export async function run(context: BenchContext): Promise<void> {
  await renewals(context, { name, count: RENEWALS, samplesMost: 1 });
}
