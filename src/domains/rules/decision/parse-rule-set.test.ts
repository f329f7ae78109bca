import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AppError } from '#errors';
import { entitySettingFaults, parseRuleSet } from '#rules/decision';
import { capRule, laws, setOf, windowRule } from './fixture.ts';

const GOOD = setOf([windowRule(), capRule({ rolling: 'P1D' })], {
  switches: [{ name: 'hours', question: 'Which?', values: ['strict', 'wide'], note: 'Open' }],
});

/** Every fault as `path: message`. */
function faultsOf(document: unknown): readonly string[] {
  try {
    parseRuleSet(document);
    return [];
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'rule_set_invalid');
    assert.ok(error.faults.length > 0);
    return error.faults.map(({ field, message }) => `${field}: ${message}`);
  }
}

test('every law that comes with Kopek is read, and reads as itself after a journey through JSON', () => {
  for (const set of laws.sets) assert.deepEqual(parseRuleSet(JSON.parse(JSON.stringify(set))), set);
});

const REFUSED: readonly (readonly [object, RegExp])[] = [
  [{ version: 0 }, /^version: must be >= 1/],
  [{ rules: [] }, /^rules: /],
  [{ effective: { from: '2026-02-31' } }, /^effective\.from: /],
  [
    { effective: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } },
    /^effective\.to: must be after/,
  ],
  [{ rules: [{ kind: 'timewindow' }] }, /^rules\.0\.kind: must be one of timeWindow/],
  [{ rules: [capRule()] }, /^rules\.0: must count by calendar, by rolling or by both/],
  [{ rules: [capRule({ rolling: 'P62D' })] }, /^rules\.0\.rolling: must be 31 days at most/],
  [{ rules: [capRule({ rolling: 'P1D', limit: 0 })] }, /^rules\.0\.limit: must be >= 1/],
  [{ rules: [capRule({ rolling: 'P1D', key: [{ part: 'phone' }] })] }, /^rules\.0\.key\.0\.part: /],
  [{ rules: [capRule({ rolling: 'P1D', limits: 2 })] }, /^rules\.0\.limits: is no field here/],
  [{ rules: [windowRule(), windowRule()] }, /^rules: has two rules with the id window/],
  [
    { rules: [windowRule({ windows: { work: [['22:00', '08:00']], off: [] } })] },
    /^rules\.0\.windows\.work\.0: must end after it begins/,
  ],
  [
    {
      rules: [
        windowRule({
          windows: {
            work: [
              ['08:00', '12:00'],
              ['11:00', '13:00'],
            ],
            off: [],
          },
        }),
      ],
    },
    /^rules\.0\.windows\.work\.1: must begin after/,
  ],
  [
    { rules: [windowRule({ windows: { work: [], off: [], byDate: { '14 July': [] } } })] },
    /^rules\.0\.windows\.byDate: names 14 July/,
  ],
  [{ appliesWhen: { fact: 'klass', eq: 'ad' } }, /^appliesWhen\.fact: must be attribute/],
  [{ appliesWhen: { fact: 'class', like: 'ad' } }, /^appliesWhen: must be one of all, any, not/],
  [
    { appliesWhen: { all: [{ any: [{ not: 5 }] }] } },
    /^appliesWhen\.all\.0\.any\.0\.not: must be a/,
  ],
  [{ appliesWhen: { switch: 'hour', is: ['wide'] } }, /^appliesWhen\.switch: names hour/],
  [{ appliesWhen: { switch: 'hours', is: ['wider'] } }, /^appliesWhen\.is: must list some of/],
  [{ appliesWhen: { fact: 'segments', range: {} } }, /^appliesWhen\.range: /],
  [
    { rules: [windowRule(), { kind: 'override', id: 'o', title: 'O', replaces: ['nothing'] }] },
    /^rules\.1\.replaces\.0: names nothing/,
  ],
  [
    { switches: [{ ...GOOD.switches[0], value: 'narrow' }] },
    /^switches\.0\.value: must be one of strict, wide/,
  ],
];

test('what can’t be used is refused by its path, with what to do', () => {
  for (const [change, message] of REFUSED) {
    const [first = ''] = faultsOf({ ...GOOD, ...change });
    assert.match(first, message, JSON.stringify(change));
  }
});

test('all faults are told at once', () => {
  const faults = faultsOf({ ...GOOD, rules: [capRule(), capRule({ id: 'b' }), windowRule()] });
  assert.equal(faults.length, 2);
});

test('whatever comes, the answer is a set or a refusal that names a path', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(GOOD)), (value, key) => {
      for (const document of [value, { ...GOOD, [key]: value }]) {
        for (const fault of faultsOf(document)) assert.match(fault, /^.+: ./s);
      }
    }),
    { numRuns: 300 },
  );
});

test('settings of an entity are held against the sets there are', () => {
  const paths = (settings: Parameters<typeof entitySettingFaults>[0]) =>
    entitySettingFaults(settings, laws.sets).map(({ field }) => field);
  assert.deepEqual(paths({ zone: 'Europe/Moscow', switches: { 'ru-230fz/day': 'calendar' } }), []);
  assert.deepEqual(paths({ zone: 'Moscow' }), ['zone']);
  assert.deepEqual(paths({ switches: { 'ru-230fz/day': 'never', 'ru/day': 'both' } }), [
    'switches.ru-230fz/day',
    'switches.ru/day',
  ]);
  const saidOf = (name: string) =>
    entitySettingFaults({ switches: { [name]: 'x' } }, laws.sets)[0]?.message ?? '';
  assert.match(saidOf('ru-230fz/dya'), /ru-230fz has ru-230fz\/day, ru-230fz\/week-and-month/);
  assert.match(saidOf('ru/day'), /begins with one of .*ru-230fz/);
  const standardTime = { work: [['21:00', '09:00']], off: [] };
  assert.deepEqual(paths({ standardTime }), ['standardTime.work.0']);
});
