import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fixture, number, start } from './fixture.ts';

/** How a call ends for its caller: an HTTP status, or how it was cut short. Hanging it is left once its fate is met. */
async function outcomeOf(fixture: Fixture, text: string, hangs = false): Promise<number | string> {
  const leave = new AbortController();
  const authorization = 'Bearer password-of-the-simulator';
  const call = fixture.call('/generic-http/messages', {
    ...{ method: 'POST', body: JSON.stringify({ to: number, from: 'K', text }) },
    ...{ headers: { authorization }, signal: leave.signal },
  });
  const outcome = call.then(
    ({ status, text: body }) => (body.startsWith('<html>') ? 'garbage' : status),
    (error: unknown) => (error instanceof Error && error.name === 'AbortError' ? 'hangs' : 'cut'),
  );
  if (hangs) {
    const left = async () => (await fixture.get('/control/scenarios')).body.scenarios as unknown[];
    while ((await left()).length > 0);
    leave.abort();
  }
  return outcome;
}

test('what the caller hears and what the handset gets are two things', async (t) => {
  const { fixture } = await start(t);
  const wanted = [
    ['hang-before', 'hangs', false],
    ['hang-after', 'hangs', true],
    ['cut-before', 'cut', false],
    ['cut-after', 'cut', true],
    ['error-before', 500, false],
    ['error-after', 500, true],
    ['garbage', 'garbage', true],
    ['down', 503, false],
    ['temporary', 503, false],
    ['undelivered', 202, false],
    ['expired', 202, false],
    ['rejected', 202, false],
    ['stuck', 202, false],
    ['receipt-missing', 202, true],
    ['normal', 202, true],
  ] as const;
  for (const [name, outcome, arrives] of wanted) {
    await fixture.scenario({ name, times: 1 });
    assert.equal(await outcomeOf(fixture, name, outcome === 'hangs'), outcome, name);
    await fixture.settle();
    const texts = (await fixture.received()).map(({ text }) => text);
    assert.equal(texts.includes(name), arrives, name);
  }
  assert.deepEqual((await fixture.get('/control/scenarios')).body.scenarios, []);
});

test('late: nothing has happened when it is asked about, and then it has', async (t) => {
  const { fixture } = await start(t);
  await fixture.scenario({ name: 'late', delayMs: 3_000, times: 1 });
  assert.equal(await outcomeOf(fixture, 'late', true), 'hangs');
  assert.deepEqual(await fixture.accepted(), []);
  while ((await fixture.accepted()).length === 0) await new Promise((wake) => setTimeout(wake, 5));
  await fixture.settle();
  assert.equal((await fixture.received()).length, 1);
});

test('an early receipt is heard before the answer', async (t) => {
  const { fixture, receiver } = await start(t, { deliverMs: { min: 60_000, max: 60_000 } });
  await fixture.scenario({ name: 'receipt-early', times: 1 });
  const { body } = await fixture.generic({ text: 'early' });
  const told = receiver.received.map((one) => JSON.parse(one.body) as Record<string, unknown>);
  assert.deepEqual(told.map(({ id, status }) => [id, status]).sort(), [
    [body.id, 'delivered'],
    [body.id, 'sent'],
  ]);
});

test('a late receipt and one that is not taken come later, a missing one never', async (t) => {
  const { fixture, receiver } = await start(t);
  await fixture.scenario({ name: 'receipt-late', delayMs: 3_600_000, times: 1 });
  await fixture.generic({ text: 'late' });
  await fixture.json('PUT', '/control/clock', { advanceMs: 3_000_000 });
  assert.equal((await fixture.received()).length, 1);
  assert.equal(receiver.received.length, 0);
  receiver.answers.push({ status: 503, body: '' });
  await fixture.json('PUT', '/control/clock', { advanceMs: 600_001 });
  await receiver.until(3);
  await fixture.scenario({ name: 'receipt-missing', times: 1 });
  await fixture.generic({ text: 'missing' });
  await fixture.settle();
  assert.equal(receiver.received.length, 3);
  assert.equal((await fixture.received()).length, 2);
});

test('a receipt that nobody takes is given up', async (t) => {
  const { fixture, receiver } = await start(t, { repeats: 2 });
  receiver.standard = { status: 500, body: '' };
  await fixture.generic({ text: 'x' });
  await fixture.settle();
  assert.equal(receiver.received.length, 6);
  const { body } = await fixture.get('/stats');
  assert.deepEqual([body.receipts_given_up, body.receipts_taken], [2, 0]);
});

test('over its rate a provider says so, and counts every call that came', async (t) => {
  const { fixture } = await start(t);
  await fixture.set('generic-http', { tps: 5 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => fixture.generic({ text: 'x' })),
  );
  const accepted = answers.filter(({ status }) => status === 202).length;
  const { body } = await fixture.get('/stats');
  const { calls_per_second_max: highest } =
    (body.providers as Record<string, { calls_per_second_max: number }>)['generic-http'] ?? {};
  // A machine that stands still for a second between two of them begins a new one.
  const stalled = (body.stall_seconds_max as number) > 0.5;
  assert.ok(accepted === 5 || (stalled && accepted > 5), `${accepted} accepted`);
  assert.ok(highest === 12 || stalled, `${highest} counted`);
  assert.equal(typeof body.stall_seconds_max, 'number');
});

test('shares of misfortune are drawn by the seed: alike in two runs, other with another seed', async (t) => {
  const shares = {
    acceptRate: 0.7,
    outcomes: { delivered: 3, undelivered: 1, expired: 1 },
    cutAfter: 0.1,
  };
  const run = async (seed: number) => {
    const { fixture } = await start(t, shares, { seed });
    for (let each = 0; each < 60; each += 1) {
      await fixture
        .generic({ text: `no ${each}`, to: `7916${String(each).padStart(7, '0')}` })
        .catch(() => undefined);
    }
    await fixture.settle();
    return (await fixture.accepted()).map(({ msisdn, state }) => `${msisdn} ${state}`);
  };
  const [first, second, other] = [await run(3), await run(3), await run(4)];
  assert.deepEqual(first, second);
  assert.notDeepEqual(first, other);
  assert.ok(first.length > 25 && first.length < 59, `${first.length} of 60 accepted`);
  assert.ok(new Set(first.map((line) => line.split(' ')[1])).size === 3);
});

test('a scenario holds for its number, its provider, its times and its probability', async (t) => {
  const { fixture } = await start(t);
  await fixture.scenario({
    name: 'bad-number',
    msisdn: number,
    provider: 'generic-http',
    times: 2,
  });
  const statuses: number[] = [];
  for (const to of [number, '79160000002', number, number])
    statuses.push((await fixture.generic({ text: 'x', to })).status);
  assert.deepEqual(statuses, [400, 202, 400, 202]);
  assert.equal((await fixture.smsc({ phones: number, mes: 'x' })).body.cnt, 1);
  await fixture.scenario({ name: 'temporary', probability: 0.5 });
  const answers: number[] = [];
  for (let each = 0; each < 60; each += 1)
    answers.push((await fixture.generic({ text: `${each}` })).status);
  const refused = answers.filter((status) => status === 503).length;
  assert.ok(refused > 10 && refused < 50, `${refused} of 60`);
});

test('with endings set the last two digits decide', async (t) => {
  const { fixture } = await start(t, { endings: true });
  assert.equal((await fixture.generic({ text: 'x', to: '79161234580' })).status, 400);
  assert.equal((await fixture.generic({ text: 'x', to: '79161234599' })).status, 503);
  await fixture.generic({ text: 'x', to: '79161234581' });
  await fixture.settle();
  assert.deepEqual(
    (await fixture.accepted()).map(({ state }) => state),
    ['undelivered'],
  );
});

test('what is misspelt in control is refused by its name', async (t) => {
  const { fixture } = await start(t);
  for (const [method, path, body, field] of [
    ['POST', '/control/scenarios', { name: 'hang' }, 'name'],
    ['POST', '/control/scenarios', { name: 'down', time: 1 }, 'time'],
    ['PUT', '/control/settings/twilio', { acceptRate: 2 }, 'acceptRate'],
    ['PUT', '/control/settings/twilo', {}, 'provider'],
    ['PUT', '/control/settings/all', { outcomes: { lost: 1 } }, 'outcomes'],
    ['PUT', '/control/clock', { now: 'soon' }, 'now'],
    ['POST', `/handsets/${number}/say`, { text: ' ' }, 'text'],
    ['POST', '/handsets/me/say', { text: 'x' }, 'msisdn'],
  ] as const) {
    const answer = await fixture.json(method, path, body);
    assert.deepEqual([answer.status, answer.body.field], [400, field], path);
  }
  assert.equal((await fixture.get('/nothing')).status, 404);
  assert.equal((await fixture.json('PUT', '/ledger', {})).status, 405);
});

test('the ledger has pages, and says which handsets got the same twice', async (t) => {
  const { fixture } = await start(t);
  for (const text of ['a', 'b', 'a', 'c']) await fixture.generic({ text, reference: `r-${text}` });
  await fixture.settle();
  const first = (await fixture.get('/ledger?limit=3')).body;
  const rest = (await fixture.get(`/ledger?after=${first.next_after}`)).body;
  assert.deepEqual([(first.received as unknown[]).length, first.next_after], [3, 3]);
  assert.deepEqual([(rest.received as unknown[]).length, rest.next_after], [1, null]);
  const { body } = await fixture.get('/ledger?summary=1');
  assert.deepEqual(
    [body.received, body.texts, body.repeated_texts, body.repeated_ids],
    [4, 3, 1, 1],
  );
  const [repeated] = body.by_text as { msisdn: string; text: string; count: number }[];
  assert.deepEqual([repeated?.msisdn, repeated?.text, repeated?.count], [number, 'a', 2]);
});

test('a reset forgets everything, and ids do not come again', async (t) => {
  const { fixture } = await start(t);
  const before = (await fixture.exolve('SendSMS', { number: 'K', destination: number, text: 'x' }))
    .body;
  await fixture.json('POST', '/control/reset', {});
  assert.deepEqual([await fixture.accepted(), await fixture.received()], [[], []]);
  const after = (await fixture.exolve('SendSMS', { number: 'K', destination: number, text: 'x' }))
    .body;
  assert.notEqual(before.message_id, after.message_id);
});

test('the metrics text holds the counts', async (t) => {
  const { fixture } = await start(t);
  await fixture.generic({ text: 'x' });
  await fixture.settle();
  const { text } = await fixture.get('/metrics');
  assert.match(text, /^sms_provider_calls_total\{provider="generic-http",result="accepted"\} 1$/m);
  assert.match(text, /^sms_provider_calls_per_second_max\{provider="generic-http"\} 1$/m);
  assert.match(text, /^sms_provider_received_total 1$/m);
  assert.match(text, /^sms_provider_stall_seconds_max [\d.e-]+$/m);
});
