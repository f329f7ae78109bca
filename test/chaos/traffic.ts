import { sql } from '#database';
import type { Chance } from './chance.ts';
import { insist, openPage, phoneOf, sayStop } from './people.ts';
import type { OperatorSettings, Stage } from './stage.ts';
import { pause } from './world.ts';

/** People who come, press, sometimes twice, and sometimes say STOP; and days that pass. */
export interface Traffic {
  readonly phones: readonly string[];
  /** STOPs said. */
  readonly stops: number;
  /** Nobody comes any more; resolves when everybody who came has been answered. */
  end(): Promise<void>;
}

/** The last two digits decide how the operator treats a number: see its README. */
const ENDINGS = ['01', '02', '03', '04', '05', '90', '91', '94', '95', '96', '97', '98', '99'];
/** Where a repeat is safe and every answer of a number is lost, nobody ever learns: none of those. */
const HEARD_ENDINGS = ENDINGS.slice(0, 7);
const ARRIVAL_MS = { least: 30, most: 220 } as const;
const UNTIL_STOP_MS = { least: 0, most: 2500 } as const;
const STOP_SHARE = 0.3;
const DAY_MS = 6000;
const PATIENCE_MS = 120_000;
/** The test operator's numbers have five digits for the person. */
const PEOPLE_MAX = 99_000;

export function startTraffic(
  stage: Stage,
  { chance, inquiry }: { readonly chance: Chance; readonly inquiry: OperatorSettings['inquiry'] },
): Traffic {
  const endings = inquiry === 'repeatIsSafe' ? HEARD_ENDINGS : ENDINGS;
  const phones: string[] = [];
  const walks: Promise<void>[] = [];
  let stops = 0;
  let over = false;

  async function walk(phone: string, plan: { readonly stopAfterMs: number | undefined }) {
    const visit = await openSurely(stage, phone);
    await Promise.all([insist(stage, visit, PATIENCE_MS), insist(stage, visit, PATIENCE_MS)]);
    if (plan.stopAfterMs === undefined) return;
    await pause(plan.stopAfterMs);
    await sayStop(stage, phone);
    stops += 1;
  }

  const arriving = (async () => {
    while (!over && phones.length < PEOPLE_MAX) {
      const phone = phoneOf(phones.length, chance.pick(endings));
      const stopAfterMs = chance.is(STOP_SHARE)
        ? chance.between(UNTIL_STOP_MS.least, UNTIL_STOP_MS.most)
        : undefined;
      phones.push(phone);
      walks.push(walk(phone, { stopAfterMs }));
      await pause(chance.between(ARRIVAL_MS.least, ARRIVAL_MS.most));
    }
  })();
  const days = setInterval(() => void letADayPass(stage).catch(() => {}), DAY_MS);
  return {
    phones,
    get stops() {
      return stops;
    },
    async end() {
      over = true;
      clearInterval(days);
      await arriving;
      await Promise.all(walks);
    },
  };
}

async function openSurely(stage: Stage, phone: string) {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await openPage(stage, phone);
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await pause(150);
    }
  }
}

/** For half of those that wait for their next period, as if it were tomorrow. It waits for nobody's lock. */
async function letADayPass({ database }: Stage): Promise<void> {
  await sql`
    with waiting as (
      select customer_id, id from subscriptions.subscription where due_at is not null and random() < 0.5
      order by customer_id, id for no key update skip locked
    )
    update subscriptions.subscription s set anchor_at = anchor_at - interval '1 day',
      paid_until = paid_until - interval '1 day', due_at = due_at - interval '1 day'
    from waiting w where s.customer_id = w.customer_id and s.id = w.id`.execute(database.pool);
}
