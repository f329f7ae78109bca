import { mustBeDebitedOnce, type Renewed, renew } from './frame/card-renewing.ts';
import { openCardStage } from './frame/card-stage.ts';
import type { BenchContext } from './frame/claim.ts';
import { sayPercentiles } from './frame/percentiles.ts';
import { openTpcB } from './frame/pgbench.ts';

export const name = 'card-renewals';
export const claim =
  'renewals by card that fall due at once (due → bill → charge at the gateway → paid and posted, and the gateway’s own Pay ' +
  'applied), while it asks and tells a hundred times a second of others, at least half as often as TPC-B-like transactions';

const TARGET = 0.5;
const RENEWALS = 5000;
/** Renewed first, unmeasured: a process that has run for a minute is what runs all day. */
const WARM_UP = 1500;
/** So many cards are filled: each is renewed once. */
const SAMPLES_MOST = 3;
const TPCB_SECONDS = 4;

export async function run(context: BenchContext): Promise<void> {
  await renewals(context, { name, count: RENEWALS, samplesMost: SAMPLES_MOST });
}

/** Also for the long claim beside it. */
export async function renewals(
  context: BenchContext,
  {
    count,
    name: said,
    samplesMost,
  }: { readonly name: string; readonly count: number; readonly samplesMost: number },
): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const stage = await openCardStage(context, WARM_UP + count * samplesMost);
  let renewed = 0;
  const next = async (some: number) => {
    const one = await renew(stage, { from: renewed + 1, count: some, withNews: true });
    renewed += some;
    return one;
  };
  try {
    await next(WARM_UP);
    context.progress(`${said}: ${WARM_UP} renewed to warm up`);
    await context.compare({
      ...{ situation: `${count} due at once`, unit: 'renewals/s', against: 'TPC-B-like' },
      ...{ target: TARGET, floor: () => floor.run(TPCB_SECONDS) },
      ours: async () => {
        if (renewed + count > WARM_UP + count * samplesMost)
          throw new Error(`no more than ${samplesMost} samples can be taken`);
        const one = await next(count);
        note(context, one, count);
        return count / one.seconds;
      },
    });
    context.note(await mustBeDebitedOnce(stage, renewed));
    context.note(`floor: ${floor.tool}`);
  } finally {
    await stage.close();
  }
}

function note(context: BenchContext, { checkMs, payMs, used, ...one }: Renewed, count: number) {
  const each = (value: number) => Math.round(value / count);
  context.note(
    `${Math.round(count / one.paidSeconds)} a second paid and posted; processor time of each: ` +
      `${each(used.machine)} µs of state-machine, ${each(used.webhooks)} µs of the webhooks' routes, ` +
      `${each(used.postgres)} µs of PostgreSQL, ${each(used.gateway)} µs of the simulator; ` +
      `${(used.statementsOfMachine / count).toFixed(2)} + ${(used.statementsOfWebhooks / count).toFixed(2)} statements, ` +
      `${(used.commits / count).toFixed(2)} commits`,
  );
  context.note(
    `meanwhile Pay acknowledged: ${sayPercentiles(payMs)}; Check answered: ${sayPercentiles(checkMs)}`,
  );
}
