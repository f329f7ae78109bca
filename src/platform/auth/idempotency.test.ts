import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  askOnce,
  findAnswers,
  forgetAnswers,
  isAnsweredBefore,
  once,
  sendAnswers,
} from '#auth';
import { sql, type Tx } from '#database';
import { AppError, type ErrorKind } from '#errors';
import { testDatabase } from '#testing';

const database = await testDatabase();
await sql`create table effect (name text)`.execute(database.pool);
const now = new Date('2026-03-01T10:00:00Z');

function request(key: string, more: { route?: string; body?: unknown; principal?: string } = {}) {
  return { principal: 'key_1', key, route: 'POST /v1/charges', body: { amount: 5 }, now, ...more };
}

async function effects(name: string): Promise<number> {
  const { rows } = await sql`select from effect where name = ${name}`.execute(database.pool);
  return rows.length;
}

function working(name: string, answer: unknown = { done: name }) {
  return async (tx: Tx): Promise<Answer> => {
    await sql`insert into effect values (${name})`.execute(tx);
    return { status: 201, body: answer };
  };
}

function refusing(name: string, kind: ErrorKind) {
  return async (tx: Tx): Promise<Answer> => {
    await sql`insert into effect values (${name})`.execute(tx);
    throw new AppError(kind, 'no', 'Not today.', {
      faults: [{ field: 'a', message: 'b' }],
      details: { x: 1 },
    });
  };
}

test('the same key and body: one effect, and the same answer with all its digits', async () => {
  const answer = { id: 9007199254740993n, list: [1, 'a', null], at: now };
  const first = await once(database, request('same'), working('same', answer));
  const again = await once(database, request('same'), working('same', { other: true }));
  assert.deepEqual(first, again);
  assert.deepEqual(first, {
    status: 201,
    body: { id: 9007199254740993n, list: [1, 'a', null], at: now.toISOString() },
  });
  assert.equal(await effects('same'), 1);
});

test('the order of members makes no other body', async () => {
  await once(database, request('order', { body: { a: 1, b: { c: 2, d: 3 } } }), working('order'));
  await once(database, request('order', { body: { b: { d: 3, c: 2 }, a: 1 } }), working('order'));
  assert.equal(await effects('order'), 1);
});

test('another body or route under the same key is refused; another caller is another matter', async () => {
  await once(database, request('reused'), working('reused'));
  const wrong = { code: 'idempotency_key_reused', kind: 'precondition' };
  await assert.rejects(
    once(database, request('reused', { body: { amount: 6 } }), working('reused')),
    wrong,
  );
  await assert.rejects(
    once(database, request('reused', { route: 'POST /v1/x' }), working('reused')),
    wrong,
  );
  await once(database, request('reused', { principal: 'key_2' }), working('reused'));
  assert.equal(await effects('reused'), 2);
});

test('a refusal is given again and leaves no effect', async () => {
  const told = {
    name: 'AppError',
    code: 'no',
    kind: 'conflict',
    message: 'Not today.',
    details: { x: 1 },
  };
  await assert.rejects(once(database, request('refused'), refusing('refused', 'conflict')), told);
  await assert.rejects(once(database, request('refused'), working('refused')), told);
  assert.equal(await effects('refused'), 0);
});

test('what asks to be tried again, and a bug, are not kept', async () => {
  for (const kind of ['unavailable', 'limited', 'internal'] as const) {
    await assert.rejects(once(database, request(kind), refusing(kind, kind)), { kind });
    await once(database, request(kind), working(kind));
    assert.equal(await effects(kind), 1);
  }
});

test('while the first is in work the second is told so, and later gets its answer', async () => {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const first = once(database, request('slow'), async (tx) => {
    entered.resolve();
    await leave.promise;
    return working('slow')(tx);
  });
  await entered.promise;
  await assert.rejects(once(database, request('slow'), working('slow')), {
    code: 'idempotency_in_work',
    kind: 'conflict',
  });
  leave.resolve();
  assert.deepEqual(await first, await once(database, request('slow'), working('slow')));
  assert.equal(await effects('slow'), 1);
});

test('a hundred at once have one effect, and every answer that is given is the same', async () => {
  const calls = Array.from({ length: 100 }, () => once(database, request('rush'), working('rush')));
  const settled = await Promise.allSettled(calls);
  const answers = settled.flatMap((one) =>
    one.status === 'fulfilled' ? [JSON.stringify(one.value)] : [],
  );
  const refusals = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  assert.equal(new Set(answers).size, 1);
  assert.ok(refusals.every((code) => code === 'idempotency_in_work'));
  assert.equal(await effects('rush'), 1);
});

test('a connection that dies in the middle of the work frees the key at once', async () => {
  const crashed = once(database, request('crash'), async (tx) => {
    await working('crash')(tx);
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.pool);
    await sql`select 1`.execute(tx);
    return { status: 200, body: 'never' };
  });
  await assert.rejects(crashed);
  await once(database, request('crash'), working('crash'));
  assert.equal(await effects('crash'), 1);
});

test('whoever comes second to the commit is undone and gives the answer of the first', async () => {
  const answer = await once(database, request('second'), async (tx) => {
    // As if another had taken the key between our look and our commit.
    await sql`insert into platform.idempotency_key
      select principal, 'second', request_hash, status, '"first"', created_at
      from platform.idempotency_key where key = 'rush'`.execute(database.pool);
    return working('second')(tx);
  });
  assert.deepEqual(answer, { status: 201, body: 'first' });
  assert.equal(await effects('second'), 0);
});

test('a key that is no key is refused by the name of its header', async () => {
  for (const key of ['', 'a b', 'ü', 'x'.repeat(256)]) {
    await assert.rejects(once(database, request(key), working('no')), {
      code: 'idempotency_key_malformed',
    });
  }
});

test('old answers are forgotten, at most as many as told', async () => {
  const old = new Date('2020-01-01T00:00:00Z');
  for (const key of ['old-1', 'old-2'])
    await once(database, { ...request(key), now: old }, working('old'));
  const before = new Date('2021-01-01T00:00:00Z');
  assert.equal(await forgetAnswers(database.pool, { before, limit: 1 }), 1);
  assert.equal(await forgetAnswers(database.pool, { before, limit: 9 }), 1);
});

test('answers of a set stand and fall with its work, and one that was answered before is told from other failures', async () => {
  const askedOf = (key: string) =>
    askOnce({ principal: 'key_1', key, route: 'POST /v1/charges', body: { amount: 5 } });
  const take = (keys: readonly string[], effect: string) =>
    database.transaction(async (tx) => {
      const answers = keys.map((key) => ({ asked: askedOf(key), status: 202, body: { id: key } }));
      await sendAnswers(tx, answers, now);
      await sql`insert into effect values (${effect})`.execute(tx);
    });
  await take(['set-1', 'set-2'], 'set');
  await assert.rejects(take(['set-3', 'set-2'], 'again'), isAnsweredBefore);
  await assert.rejects(
    database.transaction(async (tx) => {
      await sendAnswers(tx, [{ asked: askedOf('set-4'), status: 202, body: {} }], now);
      await sql`select 1 / 0`.execute(tx);
    }),
    (error) => !isAnsweredBefore(error),
  );
  assert.deepEqual([await effects('set'), await effects('again')], [1, 0]);
  const keys = ['set-1', 'set-2', 'set-3', 'set-4'];
  const known = await findAnswers(database.pool, keys.map(askedOf));
  assert.deepEqual(
    known.map((one) => (one.outcome === 'again' ? one.body : one.outcome)),
    [{ id: 'set-1' }, { id: 'set-2' }, 'new', 'new'],
  );
});
