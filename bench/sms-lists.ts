import { join } from 'node:path';
import type { BenchContext } from './frame/claim.ts';
import { startChild } from './frame/house.ts';
import { openTpcB } from './frame/pgbench.ts';
import { flow } from './frame/sms-flow.ts';
import { openSmsStage } from './frame/sms-stage.ts';

export const name = 'sms-lists';
export const claim =
  'messages end to end as in sms, asked for in lists of a hundred, at least a quarter as often as TPC-B-like transactions';

const TARGET = 0.25;
const MESSAGES = 20_000;
const WARM_UP = 2000;
const PER_REQUEST = 100;
const CONNECTIONS = 4;
const UNDER_WAY_MOST = 2500;
const TPCB_SECONDS = 4;
const SITE = join(import.meta.dirname, 'frame', 'sms-site.ts');

export async function run(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const stage = await openSmsStage(context);
  const site = await startChild(SITE, [stage.database.url, stage.folder, 'all']);
  const common = { port: Number(new URL(site.url).port), perRequest: PER_REQUEST };
  const limits = { connections: CONNECTIONS, underWayMost: UNDER_WAY_MOST };
  let flows = 0;
  const send = async (count: number) => {
    flows += 1;
    const sent = await flow(stage, { ...common, ...limits, count, name: `list${flows}` });
    return sent.perSecond;
  };
  try {
    await send(WARM_UP);
    await context.compare({
      ...{ situation: 'lists of 100', unit: 'messages/s', against: 'TPC-B-like', target: TARGET },
      ...{ ours: () => send(MESSAGES), floor: () => floor.run(TPCB_SECONDS) },
    });
  } finally {
    await site.stop();
    await stage.close();
  }
}
