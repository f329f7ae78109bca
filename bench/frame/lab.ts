import { defineTopic, openBus } from '#bus';
import { createSystemClock } from '#clock';
import { sql } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createEffects } from './queue.ts';
import { startBenchServer } from './run-claim.ts';

const server = await startBenchServer();
try {
  const topic = defineTopic<any>('bench', { schema: {} as never, description: '' });
  for (const conc of [1, 2, 3, 2]) {
    const database = await server.createDatabase();
    const bus = await openBus({
      url: 'postgres:',
      database,
      clock: createSystemClock(),
      log: silentLog(),
      metrics: createMetrics(),
      source: 'b',
    });
    await createEffects(database);
    await bus.declare([{ topic, name: 'w' }]);
    const N = 60000;
    let t = performance.now();
    let cpu = process.cpuUsage();
    for (let i = 0; i < N; i += 500)
      await database.transaction((tx) =>
        bus.publish(
          tx,
          topic,
          Array.from({ length: 500 }, (_, k) => ({
            key: `k${i + k}`,
            payload: { n: i + k, text: 'what a message carries, more or less' },
          })),
        ),
      );
    let d = performance.now() - t;
    let c = process.cpuUsage(cpu);
    console.log(
      'publish',
      Math.round((N / d) * 1000),
      'node cpu us/msg',
      ((c.user + c.system) / N).toFixed(1),
      'wall us',
      ((d * 1000) / N).toFixed(1),
    );
    t = performance.now();
    cpu = process.cpuUsage();
    let handled = 0;
    let inHandler = 0;
    let calls = 0;
    await new Promise<void>((res) => {
      const cons = bus.consume(
        { topic, name: 'w' },
        { batchSize: 500, concurrency: conc },
        async (tx, b) => {
          const h = performance.now();
          calls++;
          await sql`insert into effect (message, n) select * from unnest(${b.map((m) => m.id)}::uuid[], ${b.map((m: any) => m.payload.n)}::integer[])`.execute(
            tx,
          );
          inHandler += performance.now() - h;
          handled += b.length;
          if (handled >= N) res(cons.stop());
        },
      );
    });
    d = performance.now() - t;
    c = process.cpuUsage(cpu);
    console.log(
      'consume',
      conc,
      Math.round((N / d) * 1000),
      'node cpu us/msg',
      ((c.user + c.system) / N).toFixed(1),
      'wall us',
      ((d * 1000) / N).toFixed(1),
      'handler ms/call',
      (inHandler / calls).toFixed(2),
      'batch ms',
      ((d * conc) / calls).toFixed(2),
    );
    await bus.close();
    await database.close();
  }
} finally {
  await server.stop();
}
