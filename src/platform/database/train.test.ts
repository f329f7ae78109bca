import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { afterCommit, beforeCommit, deferred, prepared, sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();
await sql`create table public.line (id integer primary key, word text not null)`.execute(
  database.pool,
);

beforeEach(async () => {
  await sql`truncate public.line`.execute(database.pool);
});

const insert = (id: number, word: string) =>
  deferred<{ id: number }>`insert into public.line (id, word) values (${id}, ${word}) returning id`;

async function words(): Promise<readonly string[]> {
  const { rows } = await sql<{ word: string }>`
    select word from public.line order by id limit 100`.execute(database.pool);
  return rows.map(({ word }) => word);
}

test('what is deferred is there for the next statement, in the order of the calls, and stays after the commit', async () => {
  const seen = await database.transaction(async (tx) => {
    await insert(1, 'one').execute(tx);
    await deferred`update public.line set word = word || '!' where id = 1`.execute(tx);
    await insert(2, 'two').execute(tx);
    const { rows } = await prepared<{ word: string }>`
      select word from public.line order by id`.execute(tx);
    await insert(3, 'three').execute(tx);
    return rows.map(({ word }) => word);
  });
  assert.deepEqual(seen, ['one!', 'two']);
  assert.deepEqual(await words(), ['one!', 'two', 'three']);
});

test('its rows are known when the transaction has committed', async () => {
  let known = -1;
  const rows = await database.transaction(async (tx) => {
    const answer = await insert(7, 'seven').execute(tx);
    afterCommit(tx, () => (known = answer.rows.length));
    assert.equal(answer.rows.length, 0);
    return answer.rows;
  });
  assert.deepEqual(rows, [{ id: 7 }]);
  assert.equal(known, 1);
});

test('its failure is that of the next statement, and nothing of the transaction stays', async () => {
  await insert(1, 'there').execute(database.pool);
  let reached = false;
  await assert.rejects(
    database.transaction(async (tx) => {
      await insert(2, 'before').execute(tx);
      await insert(1, 'again').execute(tx);
      await insert(3, 'behind').execute(tx);
      await prepared`select ${1}::integer`.execute(tx);
      reached = true;
    }),
    { code: '23505' },
  );
  assert.equal(reached, false);
  assert.deepEqual(await words(), ['there']);
});

test('its failure is that of the commit where nothing follows, and the commit does not happen', async () => {
  await insert(1, 'there').execute(database.pool);
  const committed: string[] = [];
  await assert.rejects(
    database.transaction(async (tx) => {
      afterCommit(tx, () => void committed.push('committed'));
      beforeCommit(tx, async () => {
        await insert(1, 'again').execute(tx);
      });
      await insert(2, 'two').execute(tx);
    }),
    { code: '23505' },
  );
  assert.deepEqual(committed, []);
  assert.deepEqual(await words(), ['there']);
});

test('a connection whose statements were passed over serves the next transaction with the same ones', async () => {
  const only = (id: number) => deferred`insert into public.line values (${id}, 'only here')`;
  await insert(1, 'there').execute(database.pool);
  for (const id of [1, 2]) {
    const attempt = database.transaction(async (tx) => {
      await insert(id, 'maybe').execute(tx);
      await only(id + 10).execute(tx);
    });
    if (id === 1) await assert.rejects(attempt, { code: '23505' });
    else await attempt;
  }
  assert.deepEqual(await words(), ['there', 'maybe', 'only here']);
});

test('statements without values and several in one text keep their place behind what is deferred', async () => {
  await database.transaction(async (tx) => {
    await insert(1, 'one').execute(tx);
    await sql.raw(`update public.line set word = 'first'; select 1; select 2`).execute(tx);
    await insert(2, 'two').execute(tx);
    await sql`savepoint here`.execute(tx);
    await insert(3, 'gone').execute(tx);
    await sql`rollback to savepoint here`.execute(tx);
  });
  assert.deepEqual(await words(), ['first', 'two']);
  await insert(1, 'there')
    .execute(database.pool)
    .catch(() => {});
  const doomed = database.transaction(async (tx) => {
    await insert(1, 'again').execute(tx);
    await sql`savepoint there`.execute(tx);
  });
  await assert.rejects(
    doomed,
    { code: '23505' },
    'the cause is told, not that all else is ignored',
  );
});

test('statements that are sent side by side in one transaction go behind what was deferred before them', async () => {
  const counts = await database.transaction(async (tx) => {
    const count = async () =>
      (await prepared<{ n: number }>`select count(*)::int as n from public.line`.execute(tx))
        .rows[0]?.n;
    await insert(1, 'one').execute(tx);
    const first = count();
    await insert(2, 'two').execute(tx);
    const third = count();
    return [await first, await third];
  });
  assert.deepEqual(counts, [1, 2]);
});

test('a transaction that is given up, or asks nothing, leaves its connection as it was', async () => {
  await assert.rejects(
    database.transaction(async (tx) => {
      await insert(1, 'never').execute(tx);
      throw new Error('given up');
    }),
    /given up/,
  );
  await database
    .transaction(async (tx) => {
      await prepared`select ${1}::integer`.execute(tx);
      await insert(2, 'never').execute(tx);
      throw new Error('given up late');
    })
    .catch(() => {});
  assert.equal(await database.transaction(async () => 'nothing'), 'nothing');
  assert.deepEqual(await words(), []);
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where datname = current_database() and state like 'idle in transaction%'`.execute(
    database.pool,
  );
  assert.equal(rows[0]?.n, 0);
});

test('more than fit into one train travel all the same', async () => {
  await database.transaction(async (tx) => {
    for (let id = 0; id < 100; id += 1) await insert(id, `w${id}`).execute(tx);
  });
  assert.equal((await words()).length, 100);
});

test('a connection that is lost meanwhile fails the transaction, and the next one has another', async () => {
  await assert.rejects(
    database.transaction(async (tx) => {
      await insert(1, 'lost').execute(tx);
      await prepared`select pg_terminate_backend(pg_backend_pid()), ${1}::integer`.execute(tx);
    }),
  );
  await database.transaction(async (tx) => void (await insert(1, 'kept').execute(tx)));
  assert.deepEqual(await words(), ['kept']);
});
