import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { uuidV7 } from '#ids';
import { createLedger, credit, debit, type Ledger, readAccountTypes } from '#ledger';
import { silentLog } from '#log';
import { startErpSimulator } from '#simulators/erp';
import { temporaryFolder, testDatabase } from '#testing';
import { applyLost } from './apply-lost.ts';
import { fetchList } from './read-list.ts';
import { type LedgerBooks, runReconciliation } from './run-reconciliation.ts';
import { theirPayouts } from './their-payout.ts';

const NOW = new Date('2026-11-25T20:00:00Z');
const TYPES = join(import.meta.dirname, '../../../../config/account-types.yaml');

interface Stage {
  readonly database: Database;
  readonly ledger: Ledger;
}

/** The ledger's own rows: what its door answers, asked in another way. */
function booksOf(database: Database): LedgerBooks {
  return {
    async transfers(ids) {
      const { rows } = await sql<{ id: string; amounts: bigint[] }>`
        select id, amounts from ledger.transfer where id = any (${ids}::uuid[])`.execute(
        database.pool,
      );
      return rows.map(({ amounts, id }) => ({
        ...{ id, lines: amounts.map((amountMinor) => ({ amountMinor })) },
      }));
    },
    async accounts({ after = 0n, limit, type }) {
      const { rows } = await sql<{ id: bigint; currency: string; balanceMinor: bigint }>`
        select a.id, a.currency, b.posted * b.side as "balanceMinor" from ledger.account a
        join ledger.balance b on b.account_id = a.id
        where a.type = ${type} and a.id > ${after} order by a.id limit ${limit}`.execute(
        database.pool,
      );
      return rows;
    },
  };
}

async function openStage(t: Parameters<typeof testDatabase>[0]): Promise<Stage> {
  const database = await testDatabase(t);
  const ledger = await createLedger({
    ...{ database, clock: createFakeClock(NOW), log: silentLog() },
    types: await readAccountTypes(TYPES),
  });
  return { database, ledger };
}

/** A payout of 500 that was sent, with its transfers. */
async function sendPayout({ database, ledger }: Stage, id: bigint): Promise<string> {
  const clientId = `client-${id}`;
  const [cash, payout, reserved, sent] = await ledger.open(
    ['clearing', 'payout', 'payout-reserved', 'payout-sent'].map((type) => ({
      ...{ type, currency: 'EUR', ...(type === 'clearing' ? {} : { clientId }) },
    })),
  );
  assert.ok(cash && payout && reserved && sent);
  const [reserveId, sendId] = [uuidV7(), uuidV7()];
  const transfer = (from: typeof cash, to: typeof cash, transferId = uuidV7()) => ({
    ...{ id: transferId, kind: 'test', reference: `po_${id}` },
    lines: [debit(from, 500n), credit(to, 500n)],
  });
  await ledger.submit([transfer(cash, payout)]);
  await ledger.submit([transfer(payout, reserved, reserveId)]);
  await ledger.submit([transfer(reserved, sent, sendId)]);
  const erpId = id.toString(16).padStart(32, '0');
  await sql`
    insert into payouts.payout (id, request_id, client_id, account, currency, amount_minor, reserved_minor, state,
      erp_id, reserve_id, send_id, pay_id, give_back_id, return_id, created_at, sent_at)
    values (${id}, 1, ${clientId}, ${`acc_${id}`}, 'EUR', 900, 500, 'in_flight', ${erpId}, ${reserveId}, ${sendId},
      gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), ${NOW}, ${NOW})`.execute(
    database.pool,
  );
  return erpId;
}

async function reconciled({ database }: Stage, lines: readonly Record<string, string>[]) {
  const theirs = theirPayouts(lines);
  const { differences } = await runReconciliation(theirs, {
    ...{ database, clock: createFakeClock(NOW), ledger: booksOf(database) },
    ...{ silentAfterMs: 60_000, secondLookMs: 1 },
  });
  return { theirs, differences };
}

const line = (erpId: string, state: string) => ({
  ...{ erp_id: erpId, amount_minor: '500', currency: 'EUR', state },
});

test('over several pages, every payout is compared and only what differs is told', async (t) => {
  const stage = await openStage(t);
  const [first = '', second = ''] = [await sendPayout(stage, 1n), await sendPayout(stage, 2n)];
  await sql`
    insert into payouts.payout (id, request_id, client_id, account, currency, amount_minor, state, erp_id, reserve_id,
      send_id, pay_id, give_back_id, return_id, created_at)
    select 1000 + n, 1, 'many', 'acc_many' || n, 'EUR', 5, 'new', lpad(to_hex(1000 + n), 32, '0'), gen_random_uuid(),
      gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), ${NOW}
    from generate_series(1, 2500) n`.execute(stage.database.pool);
  const told: string[] = [];
  const { payouts, differences } = await runReconciliation(
    theirPayouts([line(first, 'accepted'), line(second, 'paid'), line('strange', 'paid')]),
    {
      ...{ database: stage.database, clock: createFakeClock(NOW) },
      ...{ ledger: booksOf(stage.database), silentAfterMs: 60_000, secondLookMs: 1 },
      progress: (done, of) => told.push(`${done}/${of}`),
    },
  );
  assert.equal(payouts, 2502);
  assert.deepEqual(told, ['1000/2502', '2000/2502', '2502/2502']);
  assert.deepEqual(
    differences.map(({ erpId, kind }) => `${kind} ${erpId}`),
    [`state_differs ${second}`, 'unknown_here strange'],
  );
});

test('money that no payout accounts for is found on the stage accounts', async (t) => {
  const stage = await openStage(t);
  const erpId = await sendPayout(stage, 1n);
  const [cash, sent] = await stage.ledger.open([
    { type: 'clearing', currency: 'EUR' },
    { type: 'payout-sent', currency: 'EUR', clientId: 'client-1' },
  ]);
  assert.ok(cash && sent);
  const lines = [debit(cash, 7n), credit(sent, 7n)];
  await stage.ledger.submit([{ id: uuidV7(), kind: 'test', reference: 'astray', lines }]);
  const { differences } = await reconciled(stage, [line(erpId, 'accepted')]);
  assert.deepEqual(
    differences.map(({ kind, message }) => `${kind}: ${message}`),
    ['money_elsewhere: payout-sent accounts hold 507 EUR, our payouts say 500'],
  );
});

test('a status that the ERP lost is found in its book, and told once however often', async (t) => {
  const stage = await openStage(t);
  const erpId = await sendPayout(stage, 1n);
  const erp = await startErpSimulator({
    ...{ port: 0, folder: await temporaryFolder(t), settings: { stepMs: { min: 0, max: 0 } } },
    transport: {
      async take(take) {
        const order = { erp_id: erpId, client_id: 'client-1', account: 'acc_1', currency: 'EUR' };
        await take([{ ...order, amount_minor: 500, cash_payment_facts: [] }]);
      },
      tell: async () => undefined,
      close: async () => undefined,
    },
  });
  t.after(() => erp.close());
  for (let state = ''; state !== 'paid'; ) {
    const [found] = await fetchList(`${erp.url}/book`);
    state = found?.state ?? '';
  }
  const { differences, theirs } = await reconciled(stage, [
    ...(await fetchList(`${erp.url}/book`)),
  ]);
  assert.deepEqual(
    differences.map(({ kind, lost }) => [kind, lost]),
    [['state_differs', ['PAID']]],
  );
  const told: unknown[] = [];
  const receive = async (_tx: unknown, statuses: readonly { readonly eventId: string }[]) => {
    const before = new Set(told);
    told.push(...statuses.map(({ eventId }) => eventId));
    return statuses.filter(({ eventId }) => !before.has(eventId)).length;
  };
  const { database } = stage;
  assert.equal(await applyLost(differences, theirs, { database, receive }), 1);
  assert.equal(await applyLost(differences, theirs, { database, receive }), 0);
  assert.match(String(told[0]), /^list-[0-9a-f]{32}-PAID$/);
});
