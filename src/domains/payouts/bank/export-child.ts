// Exports what is ready and dies at the nth time that it turns to the database. Only the kill test starts it.
import { createSystemClock } from '#clock';
import { type Database, openDatabase } from '#database';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createExporter } from './export-payouts.ts';
import { DEBTOR } from './fixture.ts';

const [url = '', folder = '', dieAt = '0'] = process.argv.slice(2);
const opened = openDatabase({ url, log: silentLog() });
let turns = 0;

function turn(): void {
  turns += 1;
  if (turns === Number(dieAt)) process.kill(process.pid, 'SIGKILL');
}

const database: Database = {
  ...opened,
  get pool() {
    turn();
    return opened.pool;
  },
  async transaction(work) {
    turn();
    const result = await opened.transaction(async (tx) => {
      const done = await work(tx);
      turn();
      return done;
    });
    turn();
    return result;
  },
};

const exporter = createExporter({
  ...{ database, folder, clock: createSystemClock(), ids: createIdSource(process.pid) },
  ...{ debtors: [DEBTOR], paymentsMax: 3 },
});
await exporter.exportReady(() => undefined);
await opened.close();
