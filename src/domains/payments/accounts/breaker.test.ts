import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from '#database';
import { eventually, testDatabase } from '#testing';
import { createCopies, startTinyGateway } from './fixture.ts';

const database = await testDatabase();
const copies = createCopies(database);
const one = await copies.open();
const other = await copies.open();
const tiny = await startTinyGateway();
const settings = { base_url: tiny.url, public_id: 'pk_test' };
const FAILURES_MOST = 10;
const order = {} as never;

let count = 0;
let name = '';
beforeEach(async () => {
  tiny.become('accepts');
  count += 1;
  name = `gateway_${count}`;
  await one.save({ name, settings });
  await refresh();
});

const refresh = () => Promise.all([one.accounts.refresh(), other.accounts.refresh()]);
const gatewayOf = (copy: typeof one) => copy.accounts.gatewayOf(name);
const admits = (copy: typeof one) => copy.accounts.connection(name).admits();

async function charge(copy = one): Promise<string> {
  const { result } = await gatewayOf(copy).chargeSaved(order);
  return 'reason' in result ? `${result.outcome} ${result.reason}` : result.outcome;
}

async function chargeOften(times: number, copy = one): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (let time = 0; time < times; time += 1) outcomes.push(await charge(copy));
  return outcomes;
}

/** So that a slow machine finds it open still. */
async function keepOpen(): Promise<void> {
  await sql`update payments.gateway_account set open_until = clock_timestamp() + interval '1 hour'
    where name = ${name} and open_until is not null`.execute(database.pool);
  await refresh();
}

/** As if it had been open for its time: real time is not waited for. */
async function letTimePass(): Promise<void> {
  await sql`update payments.gateway_account set open_until = clock_timestamp()
    where name = ${name} and open_until > clock_timestamp()`.execute(database.pool);
  await refresh();
}

async function open(): Promise<void> {
  tiny.become('hangs_up');
  await chargeOften(FAILURES_MOST);
  await keepOpen();
}

async function rowOf() {
  const { rows } = await sql<{ state: string; openings: number; closed_reason: string | null }>`
    select openings, closed_reason, case when open_until is null then 'closed'
      when open_until > clock_timestamp() then 'open' else 'half-open' end as state
    from payments.gateway_account where name = ${name}`.execute(database.pool);
  return rows[0];
}

test('after ten calls in a row without an answer nothing is sent, in any copy, and the row says why', async () => {
  tiny.become('hangs_up');
  await chargeOften(FAILURES_MOST - 1);
  assert.ok(admits(one));
  tiny.become('declines');
  assert.match(await charge(), /declined/, 'one that declines a card is in good health');
  tiny.become('hangs_up');
  await chargeOften(FAILURES_MOST - 1);
  assert.ok(admits(one), 'the count began anew');
  const sent = tiny.keys.length;
  await charge();
  assert.ok(!admits(one));
  await keepOpen();
  assert.deepEqual(await chargeOften(3), Array(3).fill('not_sent breaker_open'));
  assert.equal(tiny.keys.length, sent + 1);
  const row = await rowOf();
  assert.deepEqual([row?.state, row?.openings, typeof row?.closed_reason], ['open', 1, 'string']);
  assert.ok(!admits(other));
  assert.equal(await charge(other), 'not_sent breaker_open');
  assert.deepEqual(
    [one, other].map(({ accounts }) => accounts.routable().find((it) => it.name === name)?.isOpen),
    [true, true],
  );
});

test('a gateway that can not be reached is left alone too, its questions and refunds with its charges', async () => {
  await one.save({ name, settings: { ...settings, base_url: 'http://127.0.0.1:1' } });
  await refresh();
  for (let time = 0; time < FAILURES_MOST; time += 1) {
    const gateway = gatewayOf(one);
    const calls = [gateway.chargeSaved, gateway.refund, gateway.inquire] as const;
    const { result } = await (calls[time % 3] as typeof gateway.refund)(order);
    assert.equal(result.outcome, 'not_sent');
  }
  assert.ok(!one.accounts.connection(name).isReachable());
});

test('then one call tries, of all copies together; when it comes back the gateway is open to all', async () => {
  await open();
  await letTimePass();
  assert.ok(admits(one) && admits(other));
  tiny.become('accepts');
  tiny.hold();
  const sent = tiny.keys.length;
  const calls = [one, other].flatMap((copy) => Array.from({ length: 8 }, () => charge(copy)));
  await eventually(() => assert.equal(tiny.keys.length, sent + 1));
  await refresh();
  assert.ok(!admits(one) && !admits(other), 'a trial is under way');
  assert.equal(await charge(other), 'not_sent breaker_open');
  tiny.letGo();
  const outcomes = await Promise.all(calls);
  assert.equal(outcomes.filter((outcome) => outcome === 'accepted').length, 1);
  assert.equal(tiny.keys.length, sent + 1);
  await refresh();
  assert.ok(admits(one) && admits(other));
  assert.deepEqual(await rowOf(), { state: 'closed', openings: 0, closed_reason: null });
  assert.deepEqual(await chargeOften(2, other), ['accepted', 'accepted']);
});

test('a trial that fails opens it again, for longer each time up to a minute', async () => {
  const openMs = async () => (await one.accounts.find(name))?.openMs ?? 0;
  tiny.become('hangs_up');
  await chargeOften(FAILURES_MOST);
  let before = await openMs();
  assert.ok(before <= 2000);
  for (const most of [4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]) {
    await letTimePass();
    assert.match(await charge(), /^unknown/);
    const now = await openMs();
    // The first opening may have passed altogether on a slow machine; a later one has lost little.
    assert.ok(now <= most && now > before - most / 4, `${now} of ${most}`);
    before = now;
    await refresh();
    assert.ok(!admits(one) && !admits(other));
  }
});

test('a trial whose copy is gone is over when its time is', async () => {
  await open();
  await letTimePass();
  tiny.hold();
  const lost = charge(other);
  await eventually(async () => {
    await refresh();
    assert.ok(!admits(one));
  });
  await letTimePass();
  tiny.become('accepts');
  tiny.hold(false);
  assert.equal(await charge(one), 'accepted', 'another one tries');
  assert.equal((await rowOf())?.state, 'closed');
  tiny.letGo();
  await lost;
});

test('what is declined without a word to the gateway is no sign of its health', async () => {
  tiny.become('hangs_up');
  await chargeOften(FAILURES_MOST - 1);
  assert.equal((await gatewayOf(one).void(order)).result.outcome, 'declined');
  await charge();
  assert.ok(!admits(one), 'it did not begin the count anew');
  await letTimePass();
  assert.equal((await gatewayOf(one).void(order)).result.outcome, 'declined');
  await refresh();
  assert.equal((await rowOf())?.state, 'half-open', 'its trial is given back');
  tiny.become('accepts');
  assert.equal(await charge(), 'accepted');
});

test('calls that were under way when it opened prolong nothing, and open nothing after a change', async () => {
  tiny.become('hangs_up');
  tiny.hold();
  const sent = tiny.keys.length;
  const calls = Array.from({ length: 3 * FAILURES_MOST }, () => charge());
  await eventually(() => assert.equal(tiny.keys.length, sent + 3 * FAILURES_MOST), {
    timeoutMs: 60_000,
  });
  tiny.letGo();
  await Promise.all(calls);
  assert.equal((await rowOf())?.openings, 1);
  tiny.hold();
  await one.save({ name, settings });
  await refresh();
  const later = Array.from({ length: FAILURES_MOST }, () => charge());
  await one.save({ name, settings, title: 'Mended' });
  await refresh();
  tiny.letGo();
  await Promise.all(later);
  assert.ok(admits(one));
  assert.equal((await rowOf())?.state, 'closed');
});

test('two copies that fail at once open it once', async () => {
  tiny.become('hangs_up');
  await Promise.all([chargeOften(FAILURES_MOST), chargeOften(FAILURES_MOST, other)]);
  assert.equal((await rowOf())?.openings, 1);
});

test('saving it again closes it at once: a person has looked at it', async () => {
  await open();
  assert.ok(!admits(one) && !admits(other));
  tiny.become('accepts');
  await one.save({ name, settings, secrets: undefined });
  await refresh();
  assert.ok(admits(one) && admits(other));
  assert.equal(await charge(other), 'accepted');
});

test('its rate holds for all copies together, and is changed without a restart', async () => {
  await one.save({ name, settings, requestsPerSecond: 20 });
  await refresh();
  const takeFor = async (copy: typeof one, forMs: number) => {
    const signal = AbortSignal.timeout(forMs);
    let taken = 0;
    while (!signal.aborted)
      taken += await copy.accounts
        .connection(name)
        .take(5, signal)
        .catch(() => 0);
    return taken;
  };
  const began = performance.now();
  const taken = (await Promise.all([takeFor(one, 1500), takeFor(other, 1500)])).reduce(
    (sum, part) => sum + part,
    0,
  );
  const most = Math.ceil((20 * (performance.now() - began + 200)) / 1000);
  assert.ok(taken > 0 && taken <= most, `${taken}, at most ${most}`);
  await one.save({ name, settings, requestsPerSecond: 100_000 });
  await eventually(async () => assert.equal(await other.accounts.connection(name).take(500), 500), {
    timeoutMs: 20_000,
  });
});

test('calls and whether it is given payments are told as metrics', async () => {
  await charge();
  const text = await one.metrics.registry.metrics();
  const line = `kopek_gateway_calls_total{gateway="${name}",call="chargeSaved",outcome="accepted"} 1`;
  assert.ok(text.includes(line), text);
  assert.match(text, new RegExp(`kopek_gateway_admits\\{gateway="${name}"\\} 1`));
  await open();
  const later = await one.metrics.registry.metrics();
  assert.match(later, new RegExp(`kopek_gateway_admits\\{gateway="${name}"\\} 0`));
});
