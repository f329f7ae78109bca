import type { BenchContext } from './frame/claim.ts';
import { CYCLES, measureCycles } from './frame/cycles.ts';
import { startSimulatorProcess } from './frame/house.ts';
import { openTpcB } from './frame/pgbench.ts';

export const name = 'cycle';
export const claim =
  'a full charge cycle (due → request → two operator calls → response → settled → logged), one process, the ' +
  'simulator on the same cores, at least 0.5 times as often as TPC-B-like transactions';

const TARGET = 0.5;
const TPCB_SECONDS = 6;

export async function run(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const simulator = await startSimulatorProcess();
  try {
    await context.compare({
      ...{ situation: `${CYCLES} renewals due`, unit: 'cycles/s', against: 'TPC-B-like' },
      ...{ target: TARGET, floor: () => floor.run(TPCB_SECONDS) },
      ours: () => measureCycles(context, simulator),
    });
    context.note(`floor: ${floor.tool}`);
    context.note(
      `operator calls answered by the simulator: ${await simulator.metric('operator_calls_total')}`,
    );
  } finally {
    await simulator.stop();
  }
}
