import assert from 'node:assert/strict';
import { createSystemClock } from '#clock';
import type {
  MobileOriginated,
  SmsOrder,
  SmsOutcome,
  SmsProvider,
  StatusReport,
} from '#sms/provider';
import { eventually } from '#testing';
import type { GivenSmppSettings } from './smpp/settings.ts';
import { createSmppProvider } from './smpp.ts';

// What the tests of the SMPP provider share: sessions with a centre, and a look at its handsets.

export const PATIENCE = { timeoutMs: 30_000 };
export const secrets = { password: 'kopeksim' };
export const clock = createSystemClock();
const LATER_MS = 24 * 3_600_000;
let orders = 0;

export async function untilReady({ ready }: SmsProvider): Promise<void> {
  await eventually(() => assert.ok(ready?.()), PATIENCE);
}

export async function resultOf({ send }: SmsProvider, order: SmsOrder): Promise<SmsOutcome> {
  return (await send(order)).result;
}

export function newOrder(changes: Partial<SmsOrder> = {}): SmsOrder {
  orders += 1;
  return {
    ...{ sms: `sms_${orders}`, attempt: 1, sender: 'Kopek', body: 'hello', secret: false },
    ...{ recipient: `+7916${1_000_000 + orders}`, priority: 1 },
    validUntil: new Date(Date.now() + LATER_MS),
    ...changes,
  };
}

/** Sessions with the centre at `port`. */
export function createSessions(port: number) {
  const providers: SmsProvider[] = [];

  async function leave(): Promise<void> {
    await Promise.all(providers.splice(0).map((one) => one.close?.()));
  }

  function open(settings: Partial<GivenSmppSettings> = {}, time = clock) {
    const said = { reports: [] as StatusReport[], incoming: [] as MobileOriginated[] };
    const provider = createSmppProvider({
      ...{ name: 'smpp', secrets, clock: time },
      pauses: { firstMs: 5, mostMs: 50, refusedMs: 5 },
      settings: {
        ...{ host: '127.0.0.1', port, system_id: 'kopek', segments_max: 20 },
        ...{ response_timeout_ms: 20_000, ...settings },
      },
    });
    provider.listen?.(async ({ incoming, reports }) => {
      said.reports.push(...reports);
      said.incoming.push(...incoming);
    });
    providers.push(provider);
    return { provider, said };
  }

  return {
    leave,
    open,
    /** Nobody else is bound: a centre brings receipts to whoever is. */
    async openAlone(settings: Partial<GivenSmppSettings> = {}, time = clock) {
      await leave();
      const opened = open(settings, time);
      await untilReady(opened.provider);
      return opened;
    },
  };
}

interface Shown {
  readonly text: string;
  readonly part: { readonly number: number; readonly total: number } | null;
}

/** What the simulator at `url` tells, and is told. */
export function createHandsets(url: string) {
  async function call(method: string, path: string, body?: object) {
    const answer = await fetch(url + path, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    assert.ok(answer.ok, await answer.clone().text());
    return answer.json() as Promise<Record<string, unknown>>;
  }

  return {
    call,
    scenario(name: string, { recipient }: SmsOrder, more: object = {}) {
      return call('POST', '/control/scenarios', {
        ...{ name, provider: 'smpp', msisdn: recipient.slice(1), times: 1, ...more },
      });
    },
    /** Texts on the handset, their parts joined by their numbers. */
    async inbox({ recipient }: Pick<SmsOrder, 'recipient'>): Promise<string[]> {
      await call('POST', '/control/deliver', {});
      const { messages } = await call('GET', `/handsets/${recipient.slice(1)}`);
      const shown = messages as Shown[];
      const whole = shown.filter(({ part }) => part === null).map(({ text }) => text);
      const parts = shown.filter(({ part }) => part !== null);
      if (parts.length === 0) return whole;
      assert.equal(parts.length, parts[0]?.part?.total, 'every part is there, and once');
      const sorted = parts.toSorted((a, b) => (a.part?.number ?? 0) - (b.part?.number ?? 0));
      return [...whole, sorted.map(({ text }) => text).join('')];
    },
  };
}
