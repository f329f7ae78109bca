import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem, readFlag, readShare, readText } from './fields.ts';
import { changeNamed, type SettingReaders, type Span, spanUpTo } from './settings.ts';

interface Settings {
  readonly away: boolean;
  readonly stepMs: Span;
  readonly lost: number;
}

const readers: SettingReaders<Settings> = {
  away: readFlag,
  stepMs: spanUpTo(1_000),
  lost: readShare,
};
const current: Settings = { away: false, stepMs: { min: 5, max: 10 }, lost: 0 };

function change(fields: Readonly<Record<string, unknown>>): Settings {
  return changeNamed(current, fields, readers);
}

test('only what is named changes', () => {
  assert.deepEqual(change({}), current);
  assert.deepEqual(change({ away: 'on', lost: '0.5' }), { ...current, away: true, lost: 0.5 });
});

test('a span is one number, or the ends that are named; its end is never before its start', () => {
  assert.deepEqual(change({ stepMs: 7 }).stepMs, { min: 7, max: 7 });
  assert.deepEqual(change({ stepMs: { max: 20 } }).stepMs, { min: 5, max: 20 });
  assert.deepEqual(change({ stepMs: { min: 20 } }).stepMs, { min: 20, max: 20 });
  assert.deepEqual(change({ stepMs: { min: 20, max: 10 } }).stepMs, { min: 20, max: 20 });
});

test('what is misspelt or does not fit is refused by the name of its field', () => {
  const refused = [
    [{ awy: true }, 'awy'],
    [{ away: 'perhaps' }, 'away'],
    [{ lost: 1.5 }, 'lost'],
    [{ stepMs: { mx: 1 } }, 'mx'],
    [{ stepMs: { max: 1_001 } }, 'stepMs.max'],
    [{ stepMs: '' }, 'stepMs.min'],
  ] as const;
  for (const [fields, field] of refused) {
    assert.throws(
      () => change(fields),
      (error) => error instanceof Problem && error.status === 400 && error.field === field,
    );
  }
});

test('an empty text is refused, unless it may be empty or something stands for it', () => {
  const rule = { field: 'text', maxLength: 3 };
  for (const value of [undefined, null, 1, '', ' ', 'four']) {
    assert.throws(() => readText(value, rule), Problem);
  }
  assert.equal(readText('', { ...rule, mayBeEmpty: true }), '');
  assert.equal(readText(null, { ...rule, fallback: 'abc' }), 'abc');
  assert.throws(() => readText(undefined, { ...rule, mayBeEmpty: true }), Problem);
});
