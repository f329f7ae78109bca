import type { Chance } from './chance.ts';
import { DEBT_TEXT } from './sms-furnish.ts';
import type { Promised } from './sms-invariants.ts';
import type { SmsStage } from './sms-stage.ts';
import { pause } from './world.ts';

/** Systems that send, repeat themselves, sometimes in two places at once, and sometimes think better of it. */
export interface SmsTraffic {
  readonly promised: readonly Promised[];
  /** Nobody sends any more; resolves when everybody has been answered. */
  end(): Promise<void>;
}

const CLASSES = ['auth', 'transaction', 'transaction', 'service', 'debt', 'debt'] as const;
const BETWEEN_MS = { least: 5, most: 60 } as const;
const DEBTORS = 10;
const CANCEL_SHARE = 0.1;
const SCHEDULE_SHARE = 0.15;
const TWICE_SHARE = 0.2;

export function startSmsTraffic(stage: SmsStage, chance: Chance): SmsTraffic {
  const promised: Promised[] = [];
  const walks: Promise<void>[] = [];
  const zone = middayZone(new Date());
  let over = false;
  let count = 0;

  async function walk(n: number): Promise<void> {
    const kind = chance.pick(CLASSES);
    const debtor = n % DEBTORS;
    const isDebt = kind === 'debt';
    const recipient = `+7916${isDebt ? 4_000_000 + debtor : 5_000_000 + n}`;
    const wish = {
      ...{ recipient, class: kind, time_zone: zone, validity_seconds: 3600 },
      text: isDebt ? `${DEBT_TEXT} (p${debtor}-${n})` : `Order ${n} is on its way`,
      ...(isDebt ? { person: `p${debtor}` } : {}),
      ...(chance.is(0.5) ? { reference: `order-${n}` } : { key: `order-${n}` }),
      ...(chance.is(SCHEDULE_SHARE)
        ? { schedule_at: new Date(Date.now() + chance.between(500, 5000)).toISOString() }
        : {}),
    };
    const [wantsBack, afterMs] = [chance.is(CANCEL_SHARE), chance.between(0, 1500)];
    const [one] = await Promise.all([
      stage.insist(wish),
      ...(chance.is(TWICE_SHARE) ? [stage.insist(wish)] : []),
    ]);
    promised.push({ recipient, sms: one.sms });
    if (!wantsBack) return;
    await pause(afterMs);
    await stage.cancel(one.sms).catch(() => {});
  }

  const sending = (async () => {
    while (!over) {
      count += 1;
      walks.push(walk(count));
      await pause(chance.between(BETWEEN_MS.least, BETWEEN_MS.most));
    }
  })();
  return {
    promised,
    async end() {
      over = true;
      await sending;
      await Promise.all(walks);
    },
  };
}

/** A zone in which it is noon, so that hours of sending hold nobody up, whenever the storm rages. */
function middayZone(now: Date): string {
  const ahead = 12 - now.getUTCHours();
  if (ahead === 0) return 'UTC';
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}
