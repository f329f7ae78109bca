import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parcel } from '#bus';
import { uuidV7 } from '#ids';
import {
  createLedger,
  createReading,
  credit,
  debit,
  readAccountTypes,
  STANDARD_ACCOUNT_TYPES,
} from '#ledger';
import { type PayoutEvent, payoutEvents } from '#payouts';
import { testDatabase } from '#testing';
import { readClientStory } from './client-story.ts';
import { at, kindsOf, runReports } from './fixture.ts';

const database = await testDatabase();
const running = await runReports(database);
const { clock, log, quiet, tell } = running;
const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
const ledger = await createLedger({ database, clock, log, types });
after(() => running.stop());

const from = { executor: database.pool, ledger: createReading({ database, clock }) };
const storyOf = (clientId: string, limit = 100) => readClientStory(from, { clientId, limit });

async function move(clientId: string, kind: string, amountMinor: bigint): Promise<void> {
  const accounts = await ledger.open([
    { type: 'receivable', clientId: 'mobilink', currency: 'PKR' },
    { type: 'payout', clientId, currency: 'PKR' },
  ]);
  const [gateway, partner] = accounts;
  assert.ok(gateway && partner);
  const [from, to] = amountMinor > 0n ? [gateway, partner] : [partner, gateway];
  const minor = amountMinor > 0n ? amountMinor : -amountMinor;
  const lines = [debit(from, minor), credit(to, minor)];
  await ledger.submit([{ id: uuidV7(), kind, reference: 'pay_1x3', lines }]);
}

function payout(event: string, seconds: number, more: Partial<PayoutEvent> = {}) {
  const payload: PayoutEvent = {
    ...{ event, payout: 'po_1', client_id: 'demo', state: event, amount_minor: 700 },
    ...{ currency: 'PKR', at: at(seconds), ...more },
  };
  return parcel(payoutEvents, [{ key: '1', payload }]);
}

test('a partner earns, and is paid out: one story, in order, without what is not its own', async () => {
  await move('demo', 'charge', 500n);
  await move('demo', 'charge', 200n);
  await move('other', 'charge', 900n);
  clock.advanceMs(1000);
  await tell(
    payout('created', 1),
    payout('reserved', 2),
    payout('sent', 3),
    payout('paid', 5, { reason: 'seen' }),
    payout('created', 2, { client_id: 'other' }),
  );
  await quiet();
  clock.advanceMs(3000);
  await move('demo', 'payout-reserve', -700n);
  await move('demo', 'charge', 10n);
  await move('demo', 'refund', -10n);
  const story = await storyOf('demo');
  assert.deepEqual(kindsOf(story), [
    ...['account.earned', 'account.earned', 'payout.created', 'payout.reserved', 'payout.sent'],
    ...['account.earned', 'account.taken_back', 'payout.paid'],
  ]);
  assert.deepEqual(story[0]?.detail, { amount_minor: 500, currency: 'PKR', kind: 'charge' });
  assert.deepEqual(story.at(-1)?.detail, {
    ...{ amount_minor: 700, currency: 'PKR', state: 'paid', reason: 'seen' },
  });
  assert.deepEqual(kindsOf(await storyOf('demo', 2)), ['account.taken_back', 'payout.paid']);
});

test('a partner that nobody knows has no story', async () => {
  assert.deepEqual(await storyOf('nobody'), []);
});
