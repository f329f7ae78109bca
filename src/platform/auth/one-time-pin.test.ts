import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPin, forgetPins, type IssuedPin, issuePin } from '#auth';
import { sql } from '#database';
import { must } from '#errors';
import { testDatabase } from '#testing';

const database = await testDatabase();
const secret = 'a secret of tests';
const start = new Date('2026-03-01T10:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

function at(ms: number): Date {
  return new Date(start.getTime() + ms);
}

function issue(subject: string, afterMs = 0): Promise<IssuedPin> {
  return database.transaction((tx) => issuePin(tx, { subject, now: at(afterMs), secret }));
}

async function issued(subject: string, afterMs = 0): Promise<string> {
  const answer = await issue(subject, afterMs);
  must(answer.outcome === 'issued', `a PIN is issued, not ${answer.outcome}`);
  return answer.pin;
}

function check(subject: string, pin: string, afterMs = 0) {
  return database.transaction((tx) => checkPin(tx, { subject, pin, now: at(afterMs), secret }));
}

function other(pin: string): string {
  return pin === '00000' ? '00001' : '00000';
}

test('a PIN has five digits, confirms once, and is stored nowhere', async () => {
  const pin = await issued('once');
  assert.match(pin, /^[0-9]{5}$/);
  const { rows } = await sql<{ line: string }>`
    select row_to_json(p)::text as line from platform.one_time_pin p where subject = 'once'`.execute(
    database.pool,
  );
  assert.ok(!rows[0]?.line.includes(`"${pin}"`));
  assert.deepEqual(await check('once', ` ${pin} `), { outcome: 'confirmed' });
  assert.deepEqual(await check('once', pin), { outcome: 'none' });
});

test('three wrong tries lock a PIN, even for the right one', async () => {
  const pin = await issued('locked');
  assert.deepEqual(await check('locked', other(pin)), { outcome: 'wrong', triesLeft: 2 });
  assert.deepEqual(await check('locked', ''), { outcome: 'wrong', triesLeft: 1 });
  assert.deepEqual(await check('locked', other(pin)), { outcome: 'locked' });
  assert.deepEqual(await check('locked', pin), { outcome: 'locked' });
});

test('a PIN expires after ten minutes, and is of its subject and secret only', async () => {
  const pin = await issued('expiring');
  await issued('neighbour');
  assert.deepEqual(await check('expiring', pin, 10 * MINUTE), { outcome: 'expired' });
  assert.deepEqual(await check('nobody', pin), { outcome: 'none' });
  const foreign = await database.transaction((tx) =>
    checkPin(tx, { subject: 'expiring', pin, now: start, secret: 'another' }),
  );
  assert.equal(foreign.outcome, 'wrong');
});

test('a second PIN waits a minute, and then replaces the first', async () => {
  const first = await issued('cooling');
  assert.deepEqual(await issue('cooling', 59 * SECOND), {
    outcome: 'cooling_down',
    retryAt: at(MINUTE),
  });
  const second = await issued('cooling', MINUTE);
  if (first !== second) assert.equal((await check('cooling', first, MINUTE)).outcome, 'wrong');
  assert.deepEqual(await check('cooling', second, MINUTE), { outcome: 'confirmed' });
});

test('five PINs a day and no more; the next day begins a day after the first', async () => {
  for (let count = 0; count < 5; count += 1) await issued('busy', count * MINUTE);
  assert.deepEqual(await issue('busy', 6 * MINUTE), { outcome: 'too_many' });
  assert.deepEqual(await issue('busy', DAY - 1), { outcome: 'too_many' });
  for (let count = 0; count < 5; count += 1) await issued('busy', DAY + count * MINUTE);
  assert.deepEqual(await issue('busy', DAY + 6 * MINUTE), { outcome: 'too_many' });
});

test('of ten equal confirmations at once one is confirmed', async () => {
  const pin = await issued('race');
  const answers = await Promise.all(Array.from({ length: 10 }, () => check('race', pin)));
  const outcomes = answers.map(({ outcome }) => outcome).sort();
  assert.deepEqual(outcomes, ['confirmed', ...Array(9).fill('none')]);
});

test('of ten requests at once one issues; ten wrong tries at once count three', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => issue('rush')));
  assert.equal(answers.filter(({ outcome }) => outcome === 'issued').length, 1);
  assert.equal(answers.filter(({ outcome }) => outcome === 'cooling_down').length, 9);
  const tries = await Promise.all(Array.from({ length: 10 }, () => check('rush', 'no')));
  assert.equal(tries.filter(({ outcome }) => outcome === 'wrong').length, 2);
  assert.equal(tries.filter(({ outcome }) => outcome === 'locked').length, 8);
});

test('old PINs are forgotten, at most as many as told', async () => {
  await issued('ancient 1', -10 * DAY);
  await issued('ancient 2', -9 * DAY);
  assert.equal(await forgetPins(database.pool, { before: at(-8 * DAY), limit: 1 }), 1);
  assert.equal(await forgetPins(database.pool, { before: at(-8 * DAY), limit: 10 }), 1);
});
