import { createFakeClock } from '#clock';
import { testDatabase } from '#testing';
import { describeAccountSystem } from './account-system-conformance.ts';
import { createAccountsInProcess } from './accounts-in-process.ts';
import { START, standardLedger } from './fixture.ts';

const database = await testDatabase();
const ledger = await standardLedger(database, createFakeClock(START));
const accounts = createAccountsInProcess(ledger);

describeAccountSystem({
  name: 'in this process',
  setStage: async () => ({ database, ledger, accounts }),
});
