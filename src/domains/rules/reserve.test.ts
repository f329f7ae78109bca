import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from '#database';
import { silentLog } from '#log';
import { eventually, testDatabase } from '#testing';
import { createRules } from './create-rules.ts';
import { lawsOf, setStage, stopList, twiceADay } from './stage/index.ts';

const database = await testDatabase();
const stage = await setStage(database, lawsOf(twiceADay, stopList));
const { ask, clock, reserve, rules } = stage;
let numbers = 0;
/** Of nobody else, so that tests don't count for each other. */
const somebody = () => {
  numbers += 1;
  return `+7916${String(numbers).padStart(7, '0')}`;
};

const count = async (table: string) => {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) from ${sql.table(table)}`.execute(database.pool);
  return rows[0]?.count;
};

test('places are taken up to the limit, within one batch and from batch to batch', async () => {
  const recipient = somebody();
  const first = await reserve(ask({ recipient }), ask({ recipient }), ask({ recipient }));
  assert.deepEqual(first, ['send', 'send', 'defer']);
  assert.deepEqual(await reserve(ask({ recipient })), ['defer']);
  assert.deepEqual(await reserve(ask({ recipient: somebody() })), ['send']);
});

test('a message that is asked about again counts once', async () => {
  const recipient = somebody();
  const message = ask({ recipient });
  assert.deepEqual(await reserve(message, message), ['send', 'send']);
  assert.deepEqual(await reserve(message), ['send']);
  assert.deepEqual(await reserve(ask({ recipient }), ask({ recipient })), ['send', 'defer']);
});

test('checking says what reserving does, and takes nothing', async () => {
  const recipient = somebody();
  const of = () => rules.check(database.pool, [ask({ recipient })]);
  for (let n = 0; n < 3; n += 1) assert.equal((await of())[0]?.outcome, 'send');
  await reserve(ask({ recipient }), ask({ recipient }));
  const [checked] = await of();
  assert.equal(checked?.outcome, 'defer');
  const [reserved] = await database.transaction((tx) => rules.reserve(tx, [ask({ recipient })]));
  assert.deepEqual({ ...reserved, notBefore: 0 }, { ...checked, notBefore: 0 });
});

test('what certainly did not leave gives its place back, once', async () => {
  const recipient = somebody();
  const [one, other] = [ask({ recipient }), ask({ recipient })];
  await reserve(one, other);
  assert.deepEqual(await reserve(ask({ recipient })), ['defer']);
  const release = (because?: 'not_sent' | 'undelivered') =>
    database.transaction((tx) => rules.release(tx, [one.message], because));
  await release('undelivered');
  assert.deepEqual(await reserve(ask({ recipient })), ['defer'], 'it counts what was handed over');
  await release();
  await release();
  assert.deepEqual(await reserve(ask({ recipient }), ask({ recipient })), ['send', 'defer']);
});

test('a transaction that does not commit takes no place', async () => {
  const recipient = somebody();
  const requests = [ask({ recipient }), ask({ recipient })];
  const rolledBack = database.transaction(async (tx) => {
    await rules.reserve(tx, requests);
    throw new Error('as if it had died');
  });
  await assert.rejects(rolledBack, /died/);
  assert.deepEqual(await reserve(ask({ recipient }), ask({ recipient })), ['send', 'send']);
});

test('a message of a class that nothing counts locks and counts nothing', async () => {
  const before = [await count('rules.scope'), await count('rules.counted')];
  assert.deepEqual(await reserve(ask({ class: 'auth', recipient: somebody() })), ['send']);
  assert.deepEqual([await count('rules.scope'), await count('rules.counted')], before);
});

test('a suppression beats a message that was put off', async () => {
  const recipient = somebody();
  await reserve(ask({ recipient }), ask({ recipient }));
  const late = ask({ recipient });
  assert.deepEqual(await reserve(late), ['defer']);
  await database.transaction((tx) =>
    rules.suppress(tx, [{ list: 'stop', msisdn: recipient, reason: 'STOP', at: clock.now() }]),
  );
  const [decision] = await database.transaction((tx) => rules.reserve(tx, [late]));
  assert.equal(decision?.outcome === 'reject' && decision.code, 'suppressed');
});

test('a suppression of one entity counts for its creditor group, and not for others', async () => {
  const recipient = somebody();
  await database.transaction(async (tx) => {
    for (const [key, creditorGroup] of [
      ['agent', 'alfa'],
      ['beta', 'beta'],
    ] as const) {
      await rules.saveEntity(tx, { key, name: key, creditorGroup }, 'test');
      await rules.allowProvider(tx, { entity: key, provider: 'smsc', senders: ['ALFA'] }, 'test');
    }
    const entry = { list: 'stop', entity: 'alfa', msisdn: recipient, reason: 'STOP' };
    await rules.suppress(tx, [{ ...entry, at: clock.now() }]);
  });
  await rules.refresh();
  const [agent, beta] = ['agent', 'beta'].map((entity) => ask({ entity, recipient }));
  assert.deepEqual(await reserve(agent as never, beta as never), ['reject', 'send']);
});

test('a message that was put off is decided by the version that holds when it wakes up', async (t) => {
  const own = await testDatabase(t);
  const { ask: asks, reserve: reserves, rules: ours } = await setStage(own, lawsOf(twiceADay));
  t.after(() => ours.close());
  await reserves(asks(), asks());
  const late = asks();
  assert.deepEqual(await reserves(late), ['defer']);
  await own.transaction(async (tx) => {
    const [rule] = twiceADay.rules;
    const document = { ...twiceADay, version: 2, rules: [{ ...rule, limit: 3 }] };
    await ours.saveDraft(tx, document, 'test');
    await ours.activate(tx, { id: 'test-law', version: 2, inPlace: true }, 'test');
  });
  await ours.refresh();
  assert.deepEqual(await reserves(late, asks()), ['send', 'defer']);
});

test('what was asked is kept without its text', async () => {
  const request = ask({ recipient: somebody(), body: 'Your secret is 1234', tags: ['x'] });
  await reserve(request);
  const { rows } = await sql<{ outcome: string; body_length: number; all: string }>`
    select outcome, body_length, a::text as all from rules.asked a
    where message = ${request.message}`.execute(database.pool);
  assert.deepEqual(
    rows.map(({ body_length, outcome }) => [outcome, body_length]),
    [['send', 19]],
  );
  assert.doesNotMatch(rows[0]?.all ?? '', /secret/);
});

test('copies that start at once write each law down once', async (t) => {
  const own = await testDatabase(t);
  const options = { database: own, clock, log: silentLog(), laws: lawsOf(twiceADay, stopList) };
  const copies = await Promise.all(Array.from({ length: 6 }, () => createRules(options)));
  for (const copy of copies) copy.close();
  const { rows } = await sql<{ id: string; status: string }>`
    select id, status from rules.rule_set order by id`.execute(own.pool);
  assert.deepEqual(rows, [
    { id: 'test-law', status: 'active' },
    { id: 'test-stop', status: 'active' },
  ]);
  const newer = { ...twiceADay, version: 2 };
  const later = await createRules({ ...options, laws: lawsOf(newer, stopList) });
  t.after(() => later.close());
  const page = { id: 'test-law', status: null, after: ['', 0] as const, limit: 10 };
  const versions = await later.sets(own.pool, page);
  assert.deepEqual(
    versions.map(({ status, version }) => [version, status]),
    [
      [2, 'draft'],
      [1, 'active'],
    ],
  );
});

/** Somebody else counts for this number until `free`; meanwhile it is asked about `request`. */
async function reserveBehind(recipient: string, request: ReturnType<typeof ask>) {
  const free = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = database.transaction(async (tx) => {
    await rules.reserve(tx, [ask({ recipient })]);
    held.resolve();
    await free.promise;
  });
  await held.promise;
  const deciding = database.transaction((tx) => rules.reserve(tx, [request]));
  await eventually(async () => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.pool);
    assert.equal(rows.length, 1);
  });
  return async () => {
    free.resolve();
    await holder;
    return (await deciding)[0];
  };
}

test('a STOP that is committed while a message waits for its place keeps it from leaving', async () => {
  const recipient = somebody();
  const decide = await reserveBehind(recipient, ask({ recipient }));
  const entry = { list: 'stop', msisdn: recipient, reason: 'SMS', at: clock.now() };
  await database.transaction((tx) => rules.suppress(tx, [entry]));
  assert.equal((await decide())?.outcome, 'reject');
});

test('the moment of a decision is the one after the wait for its place', async () => {
  const recipient = somebody();
  const request = ask({ recipient, expiresAt: new Date(clock.nowMs() + 60_000) });
  const decide = await reserveBehind(recipient, request);
  clock.advanceMs(61_000);
  assert.notEqual((await decide())?.outcome, 'send', 'it was of no use any more');
});

test('the digest of a text that holds a PIN tells nothing of it', async () => {
  const [one, other] = ['481516', '234200'].map((pin) =>
    ask({ recipient: somebody(), class: 'auth', secret: true, body: `Your code is ${pin}` }),
  );
  assert.ok(one && other);
  await reserve(one, other);
  const { rows } = await sql<{ count: bigint }>`
    select count(distinct body_digest) from rules.asked
    where message in (${one.message}, ${other.message})`.execute(database.pool);
  assert.equal(rows[0]?.count, 1n);
});
