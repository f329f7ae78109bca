import { join } from 'node:path';
import { Pool } from 'undici';
import type { BenchContext } from './frame/claim.ts';
import { cpuOf } from './frame/cpu.ts';
import { startChild } from './frame/house.ts';
import { openLoad } from './frame/load.ts';
import { sayPercentiles } from './frame/percentiles.ts';
import { openTpcB } from './frame/pgbench.ts';
import { type Flow, type FlowOptions, flow, requestOf } from './frame/sms-flow.ts';
import { openSmsStage, type SmsStage } from './frame/sms-stage.ts';

export const name = 'sms';
export const claim =
  'messages end to end (POST → rules → route → provider over HTTP → receipt → webhook), sms-api and sms-sender in one ' +
  'process, the provider and the receiver in others on the same two cores, at least a quarter as often as TPC-B-like ' +
  'transactions: the 1,000 a second of a quiet machine';

const TARGET = 0.25;
const MESSAGES = 20_000;
const WARM_UP = 2000;
const PACED = 1000;
const PACE = 100;
const UNDER_WAY_MOST = 2500;
const TPCB_SECONDS = 4;
const BARE_CALLS = 6000;
const CONNECTIONS = 64;
const SITE = join(import.meta.dirname, 'frame', 'sms-site.ts');

export async function run(context: BenchContext): Promise<void> {
  const floor = await openTpcB(await context.openDatabase());
  const stage = await openSmsStage(context);
  const site = await startChild(SITE, [stage.database.url, stage.folder, 'all']);
  const port = Number(new URL(site.url).port);
  let flows = 0;
  const send = (options: Partial<FlowOptions>) => {
    flows += 1;
    return flow(stage, {
      ...{ port, count: MESSAGES, perRequest: 1, connections: CONNECTIONS, name: `flow${flows}` },
      ...{ underWayMost: UNDER_WAY_MOST, ...options },
    });
  };
  try {
    await send({ count: WARM_UP });
    const paced = await send({ count: PACED, pace: PACE });
    note(context, `single messages at ${PACE} a second`, paced);
    let last: Flow | undefined;
    await context.compare({
      ...{ situation: 'single messages', unit: 'messages/s', against: 'TPC-B-like' },
      ...{ target: TARGET, floor: () => floor.run(TPCB_SECONDS) },
      ours: async () => {
        const before = { site: cpuOf(site.pid), provider: cpuOf(stage.provider.pid) };
        last = await send({});
        const { count } = last;
        const usOf = (pid: number, was: number) => Math.round((cpuOf(pid) - was) / count);
        context.note(
          `${count} messages; processor time of each: ${usOf(site.pid, before.site)} µs of Kopek, ` +
            `${usOf(stage.provider.pid, before.provider)} µs of the simulator`,
        );
        return last.perSecond;
      },
    });
    if (last) note(context, 'as fast as it goes', last);
    await noteBare(context, stage);
  } finally {
    await site.stop();
    await stage.close();
  }
}

function note(context: BenchContext, what: string, { postMs, providerMs }: Flow): void {
  context.note(
    `${what}: POST ${sayPercentiles(postMs)}; at the provider ${sayPercentiles(providerMs)}`,
  );
}

/** What the parts do alone, in the same run; and that no handset got anything twice. */
async function noteBare(context: BenchContext, stage: SmsStage): Promise<void> {
  const { received, repeated_ids: ids, repeated_texts: texts } = await stage.ledger();
  context.note(`${received} messages on handsets, ${ids + texts} of them more than once`);
  if (ids + texts > 0) throw new Error('must hold: no handset gets a message twice');
  context.note(`the provider alone, called bare: ${Math.round(await callBare(stage))} calls/s`);
  context.note(
    `the route that stores nothing: ${Math.round(await postToNothing(stage))} requests/s`,
  );
}

async function postToNothing(stage: SmsStage): Promise<number> {
  const site = await startChild(SITE, [stage.database.url, stage.folder, 'nothing']);
  const load = await openLoad(Number(new URL(site.url).port), CONNECTIONS);
  const post = async (name: string) => {
    const requests = Array.from({ length: BARE_CALLS }, (_, from) =>
      requestOf({ ...stage, name, from, perRequest: 1 }),
    );
    const beganMs = performance.now();
    await load.send(requests);
    return (BARE_CALLS * 1000) / (performance.now() - beganMs);
  };
  try {
    await post('warm');
    return await post('nothing');
  } finally {
    load.close();
    await site.stop();
  }
}

async function callBare({ provider }: SmsStage): Promise<number> {
  const pool = new Pool(provider.url, { connections: CONNECTIONS });
  const beganMs = performance.now();
  let next = 0;
  const callOn = async () => {
    for (let at = next++; at < BARE_CALLS; at = next++) {
      const answer = await pool.request({
        ...{ method: 'POST', path: '/generic-http/messages' },
        headers: {
          authorization: 'Bearer password-of-the-simulator',
          'content-type': 'application/json',
        },
        body: JSON.stringify({
          ...{ to: `+7917${String(at).padStart(7, '0')}`, from: 'BENCH' },
          ...{ text: 'A bare call', reference: `bare-${at}`, validity_seconds: 86_400 },
        }),
      });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, callOn));
  await pool.close();
  return (BARE_CALLS * 1000) / (performance.now() - beganMs);
}
