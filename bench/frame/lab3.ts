import { startBenchServer } from './run-claim.ts';

const server = await startBenchServer();
try {
  const database = await server.createDatabase();
  const c = await database.connect();
  await c.query(
    `insert into platform.bus_queue (topic, group_name, ordered, lanes, attempts_max) values ('bench','w',false,16,12)`,
  );
  const ids = Array.from(
    { length: 500 },
    (_, k) => `018f2f3e-0000-7000-8000-${String(k).padStart(12, '0')}`,
  );
  const payload = (k: number) => ({ n: k, text: 'what a message carries, more or less' });
  const tot: Record<string, [number, number]> = {};
  const time = async (name: string, f: () => Promise<any>) => {
    const t = performance.now();
    const r = await f();
    const e = (tot[name] ??= [0, 0]);
    e[0] += performance.now() - t;
    e[1]++;
    return r;
  };
  const json = () =>
    JSON.stringify(
      Array.from({ length: 500 }, (_, k) => ({
        o: 'bench',
        i: ids[k],
        k: `k${k}`,
        s: 0,
        p: payload(k),
      })),
    );
  const arr = (xs: readonly string[]) =>
    `{${xs.map((x) => `"${x.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
  const insJson = `insert into platform.bus_message (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue, case when q.ordered then (hashtext(m.k) & 2147483647) % q.lanes else m.s end, m.i, m.k, $2, 'kopek/bench', m.r, coalesce(m.p,'null')
    from rows from (json_to_recordset($1::json) as (o text, i uuid, k text, s smallint, r text, p json)) with ordinality as m(o,i,k,s,r,p,n) join platform.bus_queue q on q.topic = m.o order by n`;
  const insArr = (
    cast: string,
  ) => `insert into platform.bus_message (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue, case when q.ordered then (hashtext(m.k) & 2147483647) % q.lanes else m.s end, m.i, m.k, $6, 'kopek/bench', null, m.p${cast}
    from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::text[]) with ordinality as m(o,i,k,s,p,n) join platform.bus_queue q on q.topic = m.o order by n`;
  const insArr1 = `insert into platform.bus_message (queue, slot, message_id, key, published_at, source, traceparent, payload)
    select q.queue, case when q.ordered then (hashtext(m.k) & 2147483647) % q.lanes else m.s end, m.i, m.k, $5, 'kopek/bench', null, m.p::json
    from platform.bus_queue q, unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[]) with ordinality as m(i,k,s,p,n) where q.topic = 'bench' order by n`;
  for (let i = 0; i < 120; i++) {
    await time('json', () => c.query({ text: insJson, values: [json(), new Date()] }));
    await time('arrays', () =>
      c.query(insArr('::json'), [
        arr(ids.map(() => 'bench')),
        arr(ids),
        arr(ids.map((_, k) => `k${k}`)),
        arr(ids.map(() => '0')),
        arr(ids.map((_, k) => JSON.stringify(payload(k)))),
        new Date(),
      ]),
    );
    await time('arrays pg', () =>
      c.query(insArr('::json'), [
        ids.map(() => 'bench'),
        ids,
        ids.map((_, k) => `k${k}`),
        ids.map(() => '0'),
        ids.map((_, k) => JSON.stringify(payload(k))),
        new Date(),
      ]),
    );
    await time('arrays one topic', () =>
      c.query(insArr1, [
        arr(ids),
        arr(ids.map((_, k) => `k${k}`)),
        arr(ids.map(() => '0')),
        arr(ids.map((_, k) => JSON.stringify(payload(k)))),
        new Date(),
      ]),
    );
  }
  for (let i = 0; i < 60; i++) {
    await time('take fn', () => c.query(`select * from platform.bus_take(1, '{0}', '{0}', 500)`));
    await time('take fn narrow', () =>
      c.query(`select slot,id,message_id,key,payload from platform.bus_take(1, '{0}', '{0}', 500)`),
    );
    await time('take fn count', () =>
      c.query(`select count(*) from platform.bus_take(1, '{0}', '{0}', 500)`),
    );
    await time('delete bare', () =>
      c.query(
        `delete from platform.bus_message t where t.ctid = any (array(select m.ctid from platform.bus_message m where m.queue = 1 and m.slot = 0 and m.id >= 0 order by m.queue, m.slot, m.id limit 500 for update skip locked)) returning t.slot, t.id, t.message_id, t.key, t.published_at, t.source, t.traceparent, t.payload::text, 0, pg_backend_pid()`,
      ),
    );
    await time('delete bare noret', () =>
      c.query(
        `delete from platform.bus_message t where t.ctid = any (array(select m.ctid from platform.bus_message m where m.queue = 1 and m.slot = 0 and m.id >= 0 order by m.queue, m.slot, m.id limit 500 for update skip locked))`,
      ),
    );
    const list = (f: (k: number) => any) => `{${ids.map((_, k) => f(k)).join(',')}}`;
    await time('hold', () =>
      c.query(
        `insert into platform.bus_hand (hand, queue, slots, ids, attempts, backend_pid, held_since)
         values ('018f2f3e-0000-7000-8000-000000000001', 1, $1, $2, $3, 1, clock_timestamp())
         on conflict (hand) do update set slots = excluded.slots, ids = excluded.ids, attempts = excluded.attempts,
           backend_pid = excluded.backend_pid, held_since = excluded.held_since`,
        [list(() => 0), list((k) => k + i * 500), list(() => 0)],
      ),
    );
    await time('due', () =>
      c.query(`select * from platform.bus_take_due(1, '{0}', '{0}', 500, now(), false)`),
    );
    await time('select', () => c.query(`select`));
  }
  for (const [k, [ms, n]] of Object.entries(tot))
    console.log(
      k.padEnd(20),
      (ms / n).toFixed(2),
      'ms per 500',
      ((ms / n) * 2).toFixed(1),
      'us/msg',
    );
  await c.end();
  await database.close();
} finally {
  await server.stop();
}
