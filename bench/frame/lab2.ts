import { createEffects } from './queue.ts';
import { startBenchServer } from './run-claim.ts';

const server = await startBenchServer();
try {
  const database = await server.createDatabase();
  await createEffects(database);
  const c = await database.connect();
  await c.query(
    `insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max) values ('bench','w',false,16,12)`,
  );
  const json = JSON.stringify(
    Array.from({ length: 500 }, (_, k) => ({
      o: 'bench',
      i: `018f2f3e-0000-7000-8000-${String(k).padStart(12, '0')}`,
      k: `k${k}`,
      s: 0,
      p: { n: k, text: 'what a message carries, more or less' },
    })),
  );
  const tot: Record<string, number> = {};
  const time = async (name: string, f: () => Promise<any>) => {
    const t = performance.now();
    const r = await f();
    tot[name] = (tot[name] ?? 0) + performance.now() - t;
    return r;
  };
  const R = 80;
  await time('parse only', async () => {
    for (let i = 0; i < R; i++)
      await c.query(
        `select count(*) from json_to_recordset($1::json) as m(o text, i uuid, k text, s smallint, r text, p json)`,
        [json],
      );
  });
  for (let i = 0; i < R; i++)
    await time('parse+join+order', () =>
      c.query(
        `select count(*) from (select m.* from rows from (json_to_recordset($1::json) as (o text, i uuid, k text, s smallint, r text, p json)) with ordinality as m(o,i,k,s,r,p,n) join platform.bus_queue q on q.topic = m.o order by n offset 0) x`,
        [json],
      ),
    );
  const sizes = await c.query(`select pg_current_wal_lsn() as l`);
  for (let i = 0; i < R; i++) {
    await c.query('begin');
    await time('insert', () =>
      c.query(
        `insert into platform.bus_message (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue, case when q.ordered then (hashtext(m.k) & 2147483647) % q.lanes else m.s end, m.i, m.k, $2, 'kopek/bench', m.r, coalesce(m.p,'null')
    from rows from (json_to_recordset($1::json) as (o text, i uuid, k text, s smallint, r text, p json)) with ordinality as m(o,i,k,s,r,p,n) join platform.bus_queue q on q.topic = m.o order by n`,
        [json, new Date()],
      ),
    );
    await time('commit1', () => c.query('commit'));
  }
  const s2 = await c.query(`select pg_current_wal_lsn() - $1::pg_lsn as w`, [sizes.rows[0].l]);
  console.log('wal/msg publish', Number(s2.rows[0].w) / R / 500);
  const l3 = (await c.query(`select pg_current_wal_lsn() as l`)).rows[0].l;
  for (let i = 0; i < R; i++) {
    await c.query('begin');
    const r = await time('take', () =>
      c.query(`select * from platform.bus_take(1, '{0}', '{0}', 500)`),
    );
    await time('effect', () =>
      c.query(`insert into effect (message, n) select * from unnest($1::uuid[], $2::integer[])`, [
        r.rows.map((x: any) => x.message_id),
        r.rows.map((_: any, k: number) => k),
      ]),
    );
    await time('commit2', () => c.query('commit'));
  }
  const s4 = await c.query(`select pg_current_wal_lsn() - $1::pg_lsn as w`, [l3]);
  console.log('wal/msg consume', Number(s4.rows[0].w) / R / 500);
  for (const k in tot)
    console.log(
      k.padEnd(20),
      (tot[k]! / R).toFixed(2),
      'ms per 500',
      ((tot[k]! / R) * 2).toFixed(1),
      'us/msg',
    );
  await c.end();
  await database.close();
} finally {
  await server.stop();
}
