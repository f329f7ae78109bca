import type { Database } from '#database';
import { sql } from '#database';
import type { ErpOrder } from '#payouts/statuses';
import { createBankGate } from './bank-gate.ts';

export interface TestPayout {
  readonly id: bigint;
  readonly clientId?: string;
  readonly currency?: string;
  readonly amountMinor?: bigint;
}

/** The same for the same payout: 32 letters. */
export function erpIdOf(id: bigint): string {
  return id.toString(16).padStart(32, '0');
}

export const IBAN = 'GB82WEST12345698765432';
export const DEBTOR = {
  ...{ currency: 'EUR', name: 'Kopek & Söhne', account: 'DE89370400440532013000' },
  bank: 'COBADEFFXXX',
};

/** Payouts that oebs-gate has just handed to the bank. */
export async function handToBank(
  database: Database,
  payouts: readonly TestPayout[],
): Promise<void> {
  const gate = createBankGate();
  await database.transaction(async (tx) => {
    for (const payout of payouts) await insertInFlight(tx, orderOf(payout), payout.id);
    await gate.send(tx, payouts.map(orderOf));
  });
}

export function orderOf(payout: TestPayout): ErpOrder {
  const { amountMinor = 12_345n, clientId = 'music', currency = 'EUR', id } = payout;
  return {
    ...{ erpId: erpIdOf(id), payout: `po_${id.toString(32)}`, clientId, currency, amountMinor },
    ...{ account: `acc_${id.toString(32)}`, facts: [], at: new Date('2026-11-25T20:00:00Z') },
  };
}

async function insertInFlight(
  tx: Parameters<Parameters<Database['transaction']>[0]>[0],
  order: ErpOrder,
  id: bigint,
): Promise<void> {
  await sql`
    insert into payouts.payout (id, request_id, client_id, account, currency, amount_minor, reserved_minor, state,
      erp_id, reserve_id, send_id, pay_id, give_back_id, return_id, created_at, sent_at)
    values (${id}, 1, ${order.clientId}, ${order.account}, ${order.currency}, ${order.amountMinor},
      ${order.amountMinor}, 'in_flight', ${order.erpId}, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
      gen_random_uuid(), gen_random_uuid(), ${order.at}, ${order.at})`.execute(tx);
}

export async function setRequisites(
  database: Database,
  input: { readonly clientId: string; readonly currency: string; readonly account?: string },
): Promise<void> {
  const { account = IBAN, clientId, currency } = input;
  await sql`
    insert into payouts.requisites (client_id, currency, name, account, bank, set_by, set_at)
    values (${clientId}, ${currency}, ${`The owner of ${clientId}`}, ${account}, '', 'test', '2026-11-01')
    on conflict on constraint requisites_pkey do update set account = excluded.account`.execute(
    database.pool,
  );
}
