import { join } from 'node:path';
import type { BenchContext } from './frame/claim.ts';
import { type ChildServer, startChild, temporaryFolder } from './frame/house.ts';
import { getRequest, type Load, openLoad, postRequest } from './frame/load.ts';

export const name = 'intake';
export const claim =
  'hits and consents taken durably per second, each answered after its commit, at least 0.6 of the same site ' +
  'with the same parsing and checks that only does not store';

const TARGET = 0.6;
const CONNECTIONS = 64;
const HITS = 30_000;
const CONSENTS = 4000;
const WARM_UP = 5000;
const SITE = join(import.meta.dirname, 'frame', 'site.ts');

interface Site {
  readonly server: ChildServer;
  readonly load: Load;
}

export async function run(context: BenchContext): Promise<void> {
  const database = await context.openDatabase();
  const folder = await temporaryFolder();
  const open = async (mode: string): Promise<Site> => {
    const server = await startChild(SITE, [database.url, folder.path, mode]);
    return { server, load: await openLoad(Number(new URL(server.url).port), CONNECTIONS) };
  };
  const ours = await open('stores');
  const floor = await open('answers only');
  try {
    for (const site of [ours, floor]) await hit(site, WARM_UP);
    await context.compare({
      ...{ situation: 'hits', unit: 'requests/s', against: 'storing nothing', target: TARGET },
      ours: () => rate(HITS, () => hit(ours, HITS)),
      floor: () => rate(HITS, () => hit(floor, HITS)),
    });
    let before = 0;
    const consents = (site: Site) => async () => {
      const forms = await collectForms(site, before);
      before += CONSENTS;
      return rate(CONSENTS, () => site.load.send(forms));
    };
    for (const site of [ours, floor]) await consents(site)();
    await context.compare({
      ...{ situation: 'consents', unit: 'requests/s', against: 'storing nothing', target: TARGET },
      ...{ ours: consents(ours), floor: consents(floor) },
    });
  } finally {
    for (const site of [ours, floor]) {
      site.load.close();
      await site.server.stop();
    }
    await folder.remove();
  }
}

async function rate(count: number, work: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return (count * 1000) / (performance.now() - beganMs);
}

async function hit({ load }: Site, count: number): Promise<void> {
  const query = 'aff_sub=5432104769mb85528554321';
  await load.send(
    Array.from({ length: count }, (_, index) =>
      getRequest(`/lp/demo?msisdn=${msisdnOf(index)}&${query}`),
    ),
  );
}

/** Every form is a visit of its own, by a number of its own. */
async function collectForms({ load }: Site, from: number): Promise<readonly string[]> {
  const forms: string[] = [];
  for (let index = 0; index < CONSENTS; index += 1) {
    const page = await load.ask(getRequest(`/lp/demo?msisdn=${msisdnOf(from + index)}`));
    const fields = page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
    const form = new URLSearchParams();
    for (const [, key = '', value = ''] of fields) form.append(key, value);
    // One address would be taken for one person in a hurry.
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
    forms.push(postRequest('/lp/demo/confirm', form.toString(), address));
  }
  return forms;
}

function msisdnOf(index: number): string {
  return `9230${String(10_000_000 + index).padStart(8, '0')}`;
}
