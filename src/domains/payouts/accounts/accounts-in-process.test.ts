import { createFakeClock } from '#clock';
import { describeAccountSystem, START, standardLedger } from '#payouts/stage';
import { testDatabase } from '#testing';
import { createAccountsInProcess } from './accounts-in-process.ts';

const database = await testDatabase();
const ledger = await standardLedger(database, createFakeClock(START));
const accounts = createAccountsInProcess(ledger);

describeAccountSystem({
  name: 'in this process',
  setStage: async () => ({ database, ledger, accounts }),
});
