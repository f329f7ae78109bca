import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ProcessingSimulatorOptions, startProcessingSimulator } from './index.ts';

type Answer = readonly [status: number, body: unknown];

async function start(context: TestContext, options: Partial<ProcessingSimulatorOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'kopek-processing-'));
  const simulator = await startProcessingSimulator({ port: 0, folder, ...options });
  context.after(() => simulator.close());
  const get = async (path: string): Promise<Answer> => {
    const response = await fetch(simulator.url + path);
    return [response.status, await response.json()];
  };
  const post = async (path: string, body: unknown = {}, method = 'POST'): Promise<Answer> => {
    const response = await fetch(simulator.url + path, {
      ...{ method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
    return [response.status, await response.json()];
  };
  const sums = async () => {
    const [, summary] = await get('/ledger?summary=1');
    return summary as Record<string, unknown>;
  };
  const execute = (body: unknown) => post('/execute_transaction', body);
  return { ...simulator, folder, get, post, execute, sums };
}

const pay = { id: 'pay_1', amount: 19_900, user: 'cus_1' };

test('without a word it executes, by GET and POST, as the original did', async (context) => {
  const { execute, get, sums } = await start(context);
  assert.deepEqual(await get('/execute_transaction'), [200, 'success!']);
  assert.deepEqual(await execute({}), [200, 'success!']);
  assert.equal((await sums()).total, 2);
});

test('by errors: 0.5 half of them end with 404, the same for the same seed', async (context) => {
  const run = async () => {
    const { execute } = await start(context, { seed: 7, settings: { errors: 0.5 } });
    const statuses: number[] = [];
    for (let n = 0; n < 60; n += 1) statuses.push((await execute({ id: `pay_${n}` }))[0]);
    return statuses;
  };
  const first = await run();
  assert.deepEqual(await run(), first);
  const failed = first.filter((status) => status === 404).length;
  assert.ok(failed > 10 && failed < 50, `${failed} of 60`);
});

test('an id is executed once, whatever is repeated, by query or by body', async (context) => {
  const { execute, get, sums } = await start(context);
  for (let n = 0; n < 3; n += 1) assert.deepEqual(await execute(pay), [200, 'success!']);
  const query = '/execute_transaction?id=pay_1&amount=19900&user=cus_1';
  assert.deepEqual(await get(query), [200, 'success!']);
  const { duplicates, sums: byCurrency, total } = await sums();
  assert.deepEqual([total, duplicates], [1, 0]);
  assert.deepEqual(byCurrency, { RUB: { debited_minor: 19_900, credited_minor: 0 } });
});

test('an id with another amount or user is refused', async (context) => {
  const { execute, sums } = await start(context);
  await execute(pay);
  assert.equal((await execute({ ...pay, amount: 1 }))[0], 409);
  assert.equal((await execute({ ...pay, user: 'cus_2' }))[0], 409);
  assert.equal((await sums()).total, 1);
});

test('a refused transaction stays refused', async (context) => {
  const { execute, post, sums } = await start(context);
  await post('/faults', { name: 'decline', times: 1 });
  assert.deepEqual(await execute(pay), [404, 'error!']);
  assert.deepEqual(await execute(pay), [404, 'error!']);
  assert.deepEqual(await execute({ ...pay, id: 'pay_2' }), [200, 'success!']);
  assert.equal((await sums()).total, 1);
});

test('a refund is a credit', async (context) => {
  const { execute, get } = await start(context);
  await execute(pay);
  await execute({ ...pay, id: 'ref_1', type: 'refund', amount: 900 });
  const [, { entries }] = (await get('/ledger?kind=credit')) as [number, { entries: unknown[] }];
  assert.deepEqual(
    entries.map((entry) => ({ ...(entry as object), at: '' })),
    [
      {
        ...{
          sequence: 2,
          kind: 'credit',
          operation: 'ref_1',
          reference: 'ref_1',
          account: 'cus_1',
        },
        ...{ method: 'processing', amount_minor: 900, currency: 'RUB', at: '' },
      },
    ],
  );
});

for (const [name, isDone] of [
  ['drop-before', 0],
  ['drop-after', 1],
  ['error-before', 0],
  ['error-after', 1],
  ['unavailable', 0],
] as const) {
  test(`${name}: ${isDone ? 'it was executed' : 'nothing happened'}, and the repetition executes it once`, async (context) => {
    const { execute, post, sums } = await start(context);
    await post('/faults', { name, times: 1 });
    const first = await execute(pay).catch(() => undefined);
    assert.equal(
      first?.[0],
      name.startsWith('drop') ? undefined : name === 'unavailable' ? 503 : 500,
    );
    assert.equal((await sums()).total, isDone);
    assert.deepEqual(await execute(pay), [200, 'success!']);
    assert.equal((await sums()).total, 1);
  });
}

test('hang-after executes and never answers; late executes when nobody waits any more', async (context) => {
  const { post, sums, url } = await start(context);
  const until = async (total: number) => {
    while ((await sums()).total !== total) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const ask = (id: string) => {
    const { abort, signal } = giveUpBy();
    return { abort, answer: fetch(`${url}/execute_transaction?id=${id}`, { signal }) };
  };
  await post('/faults', { name: 'hang-after', times: 1 });
  const first = ask('pay_1');
  await until(1);
  first.abort();
  await assert.rejects(first.answer);
  await post('/faults', { name: 'late', times: 1, delay_ms: 1_500 });
  const second = ask('pay_2');
  while ((await faultsLeft(url)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  second.abort();
  await assert.rejects(second.answer);
  await until(2);
});

function giveUpBy() {
  const controller = new AbortController();
  return { abort: () => controller.abort(), signal: controller.signal };
}

/** None is left as soon as the call has met it. */
async function faultsLeft(url: string): Promise<number> {
  const { faults } = (await (await fetch(`${url}/faults`)).json()) as {
    readonly faults: unknown[];
  };
  return faults.length;
}

test('a fault may be narrowed to an amount, a user or an operation', async (context) => {
  const { execute, post } = await start(context);
  await post('/faults', { name: 'decline', amount_minor: 13 });
  await post('/faults', { name: 'decline', method: 'cus_poor' });
  await post('/faults', { name: 'decline', operation: 'refund' });
  const statusOf = async (body: object) => (await execute(body))[0];
  assert.equal(await statusOf({ id: 'a', amount: 13 }), 404);
  assert.equal(await statusOf({ id: 'b', amount: 14, user: 'cus_poor' }), 404);
  assert.equal(await statusOf({ id: 'c', amount: 14, type: 'refund' }), 404);
  assert.equal(await statusOf({ id: 'd', amount: 14 }), 200);
});

test('what is wrong is said by name', async (context) => {
  const { execute, get, post } = await start(context);
  assert.deepEqual(await execute({ id: 'a', amount: -1 }), [
    400,
    { error: 'amount must be a whole number from 0 to 1000000000000', field: 'amount' },
  ]);
  assert.equal((await execute({ type: 'gift' }))[0], 400);
  assert.equal((await post('/faults', { name: 'nonsense' }))[0], 400);
  assert.equal((await post('/faults', { name: 'decline', who: 'x' }))[0], 400);
  assert.equal((await post('/settings', { errors: 2 }, 'PUT'))[0], 400);
  assert.equal((await get('/nowhere'))[0], 404);
  assert.equal((await post('/execute_transaction', {}, 'DELETE'))[0], 405);
});

test('over its rate it answers 503 and executes nothing', async (context) => {
  const { execute, post, sums } = await start(context);
  await post('/settings', { tps: 0 }, 'PUT');
  assert.equal((await execute(pay))[0], 503);
  assert.equal((await sums()).total, 0);
});

test('it is looked at by people, Prometheus and whoever asks whether it lives', async (context) => {
  const { execute, get, post, url } = await start(context);
  await execute({ ...pay, user: '<script>alert(1)</script>' });
  const page = await fetch(`${url}/`);
  const html = await page.text();
  assert.match(html, /pay_1/);
  assert.doesNotMatch(html, /<script>alert/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /processing_calls_total\{operation="payment",result="200"\} 1/);
  assert.deepEqual(await get('/healthz'), [200, { status: 'ok' }]);
  assert.deepEqual(await post('/reset'), [200, { status: 'reset' }]);
  const [, { total }] = (await get('/ledger')) as [number, { total: number }];
  assert.equal(total, 0);
});

test('a form that asks for a fault leads the browser back to the page', async (context) => {
  const { get, url } = await start(context);
  const answer = await fetch(`${url}/faults`, {
    ...{
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ name: 'decline', times: '' }),
    },
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
  });
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/']);
  const [, { faults }] = (await get('/faults')) as [number, { faults: unknown[] }];
  assert.equal(faults.length, 1);
});
