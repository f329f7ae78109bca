import type { FakeClock } from '#clock';
import { createFakeClock } from '#clock';
import type { Database } from '#database';
import { silentLog } from '#log';
import { createRules, type Rules } from '#rules/create-rules';
import {
  type Predicate,
  parseRuleSet,
  type Rule,
  type RuleRequest,
  type RuleSet,
} from '#rules/decision';
import type { Laws } from '#rules/laws';

/** A Wednesday noon in Moscow. */
export const NOON = new Date('2026-03-18T09:00:00Z');
export const ANYBODY: Predicate = { all: [] };

/** Twice a day for `debt`; nothing else, so that a test sees what it asks for. */
export const twiceADay = lawOf('test-law', [
  {
    ...{ kind: 'frequencyCap', id: 'per-day', title: 'Two messages a day', limit: 2 },
    ...{
      calendar: 'day',
      counter: 'message',
      key: [{ part: 'creditorGroup' }, { part: 'person' }],
    },
    when: { fact: 'class', eq: 'debt' },
  },
]);
export const stopList = lawOf('test-stop', [
  { kind: 'suppression', id: 'stop', title: 'Nobody who said STOP', lists: ['stop'] },
]);

export function lawOf(id: string, rules: readonly Rule[], more: Partial<RuleSet> = {}): RuleSet {
  return parseRuleSet({
    ...{ id, version: 1, title: `The law ${id}`, jurisdiction: '*', legalBasis: [] },
    ...{ status: 'active', effective: { from: '2020-01-01T00:00:00Z' }, onConflict: 'strictest' },
    ...{ appliesWhen: ANYBODY, switches: [], rules: [...rules] },
    ...more,
  });
}

export const lawsOf = (...sets: readonly RuleSet[]): Laws => ({
  sets,
  calendars: [],
  numbers: [
    {
      ...{ source: 'a test', prefixes: {}, regions: {} },
      countries: { RU: { prefixes: ['7'], places: ['RU Europe/Moscow'] } },
    },
  ],
});

export interface Stage {
  readonly rules: Rules;
  readonly clock: FakeClock;
  readonly database: Database;
  ask(more?: Partial<RuleRequest>): RuleRequest;
  reserve(...requests: readonly RuleRequest[]): Promise<readonly string[]>;
}

let made = 0;

/** Rules with one entity `alfa` that may send as `ALFA` through `smsc`. */
export async function setStage(database: Database, laws: Laws): Promise<Stage> {
  const clock = createFakeClock(NOON);
  const rules = await createRules({ database, clock, log: silentLog(), laws });
  await database.transaction(async (tx) => {
    await rules.saveEntity(tx, { key: 'alfa', name: 'Alfa', creditorGroup: 'alfa' }, 'test');
    await rules.saveProvider(tx, { name: 'smsc', title: 'SMSC' }, 'test');
    await rules.allowProvider(tx, { entity: 'alfa', provider: 'smsc', senders: ['ALFA'] }, 'test');
  });
  await rules.refresh();
  return {
    ...{ rules, clock, database },
    ask: (more = {}) => requestOf(clock.now(), more),
    async reserve(...requests) {
      const decisions = await database.transaction((tx) => rules.reserve(tx, requests));
      return decisions.map(({ outcome }) => outcome);
    },
  };
}

export function requestOf(now: Date, more: Partial<RuleRequest> = {}): RuleRequest {
  made += 1;
  return {
    ...{ message: `sms_${process.pid}_${made}`, entity: 'alfa', class: 'debt', channel: 'sms' },
    ...{ recipient: '+79161234567', sender: 'ALFA', body: 'A text', segments: 1 },
    expiresAt: new Date(now.getTime() + 86_400_000),
    ...more,
  };
}
