import { startBenchServer } from './run-claim.ts';

const server = await startBenchServer();
try {
  const database = await server.createDatabase();
  const c = await database.connect();
  const tot: Record<string, [number, number]> = {};
  const time = async (name: string, f: () => Promise<any>) => {
    const t = performance.now();
    const r = await f();
    const e = (tot[name] ??= [0, 0]);
    e[0] += performance.now() - t;
    e[1]++;
    return r;
  };
  await c.query(`create unlogged table h1 (hand uuid primary key, queue int, slots smallint[], ids bigint[], attempts smallint[], pid int, held timestamptz) with (fillfactor=50);
  create unlogged table h2 (like h1 including all); alter table h2 alter slots set storage external, alter ids set storage external, alter attempts set storage external;
  create unlogged table h3 (hand uuid primary key, queue int, what text, pid int, held timestamptz); alter table h3 alter what set storage external;
  create unlogged table h4 (hand uuid primary key, queue int, what bytea, pid int, held timestamptz); alter table h4 alter what set storage plain;
  create unlogged table h5 (hand uuid primary key, queue int, what int8multirange, pid int, held timestamptz);`);
  const list = (f: (k: number) => any) =>
    `{${Array.from({ length: 500 }, (_, k) => f(k)).join(',')}}`;
  const up = (t: string, cols: string[], ps: string) =>
    `insert into ${t} (hand, queue, ${cols.join(',')}, pid, held) values ('018f2f3e-0000-7000-8000-000000000001', 1, ${ps}, 1, clock_timestamp()) on conflict (hand) do update set ${cols.map((x) => `${x}=excluded.${x}`).join(',')}, pid=excluded.pid, held=excluded.held`;
  for (let i = 0; i < 150; i++) {
    await time('as is', () =>
      c.query(up('h1', ['slots', 'ids', 'attempts'], '$1,$2,$3'), [
        list(() => 0),
        list((k) => 1e6 + k + i * 500),
        list(() => 0),
      ]),
    );
    await time('ids only, one slot', () =>
      c.query(up('h1', ['slots', 'ids', 'attempts'], '$1,$2,$3'), [
        '{0}',
        list((k) => 1e6 + k + i * 500),
        '{0}',
      ]),
    );
    await time('external ids only', () =>
      c.query(up('h2', ['slots', 'ids', 'attempts'], '$1,$2,$3'), [
        '{0}',
        list((k) => 1e6 + k + i * 500),
        '{0}',
      ]),
    );
    await time('text external', () =>
      c.query(up('h3', ['what'], '$1'), [list((k) => 1e6 + k + i * 500)]),
    );
    const b = Buffer.from(
      new BigInt64Array(Array.from({ length: 500 }, (_, k) => BigInt(1e6 + k))).buffer,
    );
    await time('bytea plain 4k', () => c.query(up('h4', ['what'], '$1'), [b]));
    await time('range', () => c.query(up('h5', ['what'], '$1'), ['{[1000,1500)}']));
    await time('select', () => c.query(`select`));
  }
  for (const [k, [ms, n]] of Object.entries(tot))
    console.log(
      k.padEnd(20),
      (ms / n).toFixed(3),
      'ms per 500',
      ((ms / n) * 2).toFixed(1),
      'us/msg',
    );
  await c.end();
  await database.close();
} finally {
  await server.stop();
}
