import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';
import { openCli } from './fixture.ts';

const database = await testDatabase();
const { folder, kopek } = await openCli({ DATABASE_URL: database.url });

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return name;
}

const plan = (price: number) => `code: news
title: News
methods: [card]
price_minor: ${price}
setup_fee_minor: 0
currency: RUB
interval: month
tax: { name: vat22, basis_points: 2200 }
time_zone: Europe/Moscow
trial_days: 0
pause_days_most: 30
lead_minutes: 60
precision: second
texts: {}
`;

test('a plan is added from a file, given its next version, closed, opened and shown', async () => {
  const none = await kopek('plans', 'list');
  assert.deepEqual([none.code, none.out], [0, ''], none.err);
  assert.match(none.err, /There is no plan yet/);
  const file = await write('news.yaml', plan(9900));
  const added = await kopek('plans', 'add', file);
  assert.deepEqual([added.code, added.out], [0, 'news is on sale.\n'], added.err);
  const twice = await kopek('plans', 'add', file);
  assert.notEqual(twice.code, 0);
  assert.match(twice.err, /add a version to it/);
  const next = await kopek('plans', 'add', await write('next.yaml', plan(14_900)), '--version');
  assert.match(next.out, /^news@2 is on sale\. 0 subscribers stay on older versions\./, next.err);
  const closed = await kopek('plans', 'close', 'news');
  assert.equal(closed.code, 0, closed.err);
  const list = await kopek('plans', 'list');
  assert.match(list.out, /^news +closed +@2 {2}149\.00 RUB · month {2}News$/m);
  await kopek('plans', 'open', 'news');
  const show = await kopek('plans', 'show', 'news');
  assert.match(show.out, /on_dispute +end/);
  assert.match(show.out, /version 1, .*: 0 subscribed/);
  assert.match(show.out, /add_version {2}.*\(kopek plans\)/);
  const json = JSON.parse((await kopek('plans', 'show', 'news', '--json')).out);
  assert.deepEqual([json.price_minor, json.open, json.versions.length], [14_900, true, 2]);
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from subscriptions.price_list_change where actor like '%(kopek plans)'`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.count, 4n);
});

test('a move is looked at, run, listed and stopped, with who did it', async () => {
  const text = ['--text', '{title}: {price} from {date}'];
  const wanted = ['plans', 'move', 'news', '--notice-days', '10', '--consent', 'notice'];
  assert.match((await kopek('plans', 'moves', 'news')).err, /Nobody was ever moved/);
  for (const [args, why] of [
    [wanted, /Say --text/],
    [[...wanted, ...text, '--consent', 'perhaps'], /--consent must be notice or required/],
    [[...wanted, ...text, '--notice-days', '0'], /--notice-days must be a whole number/],
    [['plans', 'stop-move', 'news'], /stop-move <code> <mov_…>/],
  ] as const) {
    const refused = await kopek(...args);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, why);
  }
  const looked = await kopek(...wanted, ...text, '--json');
  assert.equal(looked.code, 0, looked.err);
  const { move, state, version } = JSON.parse(looked.out);
  assert.deepEqual([state, version], ['previewed', 2]);
  assert.match((await kopek('plans', 'move', 'news', move)).err, /say --run/);
  const run = await kopek('plans', 'move', 'news', move, '--run');
  assert.match(run.out, /state +running/, run.err);
  const silent = await kopek('plans', 'stop-move', 'news', move);
  assert.match(silent.err, /have to hear that it is off/);
  const stopped = await kopek('plans', 'stop-move', 'news', move, '--text', '{title}: {price}');
  assert.match(stopped.out, /stopped_by +.*\(kopek plans\)/, stopped.err);
  const list = await kopek('plans', 'moves', 'news');
  assert.match(list.out, new RegExp(`^${move}  stopping +to @2  0 told, 0 called off, of 0$`, 'm'));
  assert.match((await kopek('plans', 'moves', 'news', move)).out, /notice_days +10/);
});

test('a coupon is added from a file, listed, shown and ended', async () => {
  const file = await write(
    'half.yaml',
    `code: HALF
discount: { kind: percent, basis_points: 5000 }
duration: { kind: periods, count: 3 }
redeem_before: 2027-01-01T00:00:00Z
redemptions_most: 100
plans: [news]
`,
  );
  const added = await kopek('coupons', 'add', file);
  assert.deepEqual([added.code, added.out], [0, 'HALF may be redeemed.\n'], added.err);
  const list = await kopek('coupons', 'list');
  assert.match(list.out, /^HALF +given +50 % off, 3 periods · redeemed 0 of 100$/m);
  assert.equal((await kopek('coupons', 'end', 'HALF')).code, 0);
  const show = await kopek('coupons', 'show', 'HALF');
  assert.match(show.out, /^HALF +ended/m);
  assert.match(show.out, /redeem_before +2027-01-01T00:00:00\.000Z/);
  const json = JSON.parse((await kopek('coupons', 'show', 'HALF', '--json')).out);
  assert.deepEqual([json.coupon.code, json.redemptions, json.changes.length], ['HALF', [], 2]);
});

test('what is wrong with a file is told, all of it; and what is said wrong', async () => {
  const wrong = plan(9900).replace('month', 'fortnight');
  const interval = await kopek('plans', 'add', await write('interval.yaml', wrong));
  assert.deepEqual([interval.code, interval.out], [2, '']);
  assert.match(interval.err, /fortnight/);
  const bad = plan(0).replace('title: News', 'title: ""').replace('texts', 'colour');
  const many = await kopek('plans', 'add', await write('bad.yaml', bad));
  assert.equal(many.code, 2);
  for (const field of ['price_minor', 'title', 'colour']) assert.match(many.err, new RegExp(field));
  const nothing = await kopek('coupons', 'add', await write('nothing.yaml', '[]'));
  assert.match(nothing.err, /The coupon can't be used/);
  assert.equal((await kopek('coupons', 'add', 'absent.yaml')).code, 3);
  assert.equal((await kopek('plans', 'show', 'absent')).code, 3);
  assert.equal((await kopek('coupons', 'end', 'ABSENT')).code, 3);
  for (const args of [
    ['plans', 'sell'],
    ['plans', 'add'],
    ['coupons', 'show'],
    ['coupons', 'list', 'x'],
  ]) {
    const { code, err } = await kopek(...args);
    assert.equal(code, 2, err);
    assert.match(err, /Say: kopek (plans|coupons)/);
  }
});
