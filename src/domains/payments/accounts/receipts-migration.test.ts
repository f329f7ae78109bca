import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sql } from '#database';
import { testDatabase } from '#testing';

const database = await testDatabase();
const FILE = join(process.cwd(), 'db', 'migrations', '0130_payments_receipt.sql');

/** What it does to accounts: the columns that it adds are there already. */
async function moveReceipts(): Promise<void> {
  const text = await readFile(FILE, 'utf8');
  const updates = text.slice(text.indexOf('update payments.gateway_account'));
  for (const statement of updates.split(';\n').filter((one) => one.trim() !== ''))
    await sql.raw(statement).execute(database.pool);
}

async function insert(
  name: string,
  kind: string,
  { receipts, settings }: { readonly settings: object; readonly receipts?: object },
): Promise<void> {
  await sql`
    insert into payments.gateway_account (name, kind, title, settings, sealed_secrets, requests_per_second, receipts,
      created_at, updated_at)
    values (${name}, ${kind}, ${name}, ${JSON.stringify(settings)}::jsonb, 'x', 1,
      ${receipts ? JSON.stringify(receipts) : null}::jsonb, ${new Date(0)}, ${new Date(0)})`.execute(
    database.pool,
  );
}

test('the systems of taxation that adapters knew by number become those of the account; what is not whole sends none', async () => {
  await insert('by_number', 'cloudpayments', { settings: { public_id: 'pk', taxation_system: 2 } });
  await insert('osn', 'cloudpayments', { settings: { taxation_system: 0 } });
  await insert('abolished', 'cloudpayments', { settings: { taxation_system: 3 } });
  await insert('yoo', 'yookassa', { settings: { shop_id: '1', tax_system_code: 6 } });
  await insert('whole', 'yookassa', {
    ...{ settings: { tax_system_code: 1 } },
    receipts: { taxSystem: 'usn_income', defaultTax: 'vat5' },
  });
  await insert('half', 'cloudpayments', { settings: {}, receipts: { defaultTax: 'vat20' } });
  await insert('none', 'yookassa', { settings: { shop_id: '1' } });
  await insert('other', 'stripe', {
    ...{ settings: { publishable_key: 'pk' } },
    receipts: { taxSystem: 'osn', defaultTax: 'none' },
  });
  await moveReceipts();
  // A second run finds nothing to do.
  await moveReceipts();
  const { rows } = await sql<{ name: string; settings: object; receipts: object | null }>`
    select name, settings, receipts from payments.gateway_account order by name`.execute(
    database.pool,
  );
  const became = Object.fromEntries(rows.map(({ name, ...row }) => [name, row]));
  const sends = (taxSystem: string, defaultTax = 'none') => ({ taxSystem, defaultTax });
  assert.deepEqual(became, {
    by_number: { settings: { public_id: 'pk' }, receipts: sends('usn_income_outcome') },
    osn: { settings: {}, receipts: sends('osn') },
    abolished: { settings: {}, receipts: null },
    yoo: { settings: { shop_id: '1' }, receipts: sends('patent') },
    whole: { settings: {}, receipts: sends('usn_income', 'vat5') },
    half: { settings: {}, receipts: null },
    none: { settings: { shop_id: '1' }, receipts: null },
    other: { settings: { publishable_key: 'pk' }, receipts: null },
  });
});
