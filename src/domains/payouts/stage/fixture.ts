import { join } from 'node:path';
import { type Bus, openBus } from '#bus';
import { type Clock, createFakeClock } from '#clock';
import type { Database } from '#database';
import { must } from '#errors';
import { createIdSource, uuidV7 } from '#ids';
import { type Account, createLedger, credit, debit, type Ledger, readAccountTypes } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import type { AccountSystem } from '#payouts/accounts';
import { createReqGate, type ReqGate } from '#payouts/req-gate';
import { createRequests, type RequestInput } from '#payouts/requests';
import { payoutEvents } from '#payouts/topics';

export const START = new Date('2026-11-20T09:00:00.000Z');
const TYPES = join(import.meta.dirname, '../../../..', 'config/account-types.yaml');

/** A ledger with the types of accounts that come with Kopek. */
export async function standardLedger(database: Database, clock: Clock): Promise<Ledger> {
  const types = await readAccountTypes(TYPES);
  return createLedger({ database, clock, log: silentLog(), types });
}

/** Partners that earn: whose, and how much. */
export interface Earning {
  readonly clientId: string;
  readonly amountMinor: bigint;
  readonly currency?: string;
  readonly label?: string;
}

/** Puts money on a partner's payout account, as a charge does; answers the account. */
export async function earn(ledger: Ledger, earning: Earning): Promise<Account> {
  const { amountMinor, clientId, currency = 'RUB', label = '' } = earning;
  const [receivable, payout] = await ledger.open([
    { type: 'receivable', clientId: 'gateway', currency },
    { type: 'payout', clientId, currency, label },
  ]);
  must(receivable && payout, 'both are open');
  if (amountMinor > 0n) {
    await ledger.submit([
      {
        ...{ id: uuidV7(), kind: 'charge', reference: 'a charge' },
        lines: [debit(receivable, amountMinor), credit(payout, amountMinor)],
      },
    ]);
  }
  return payout;
}

/** All that turns requests into payouts, on the database of a test. */
export async function runRequests(database: Database) {
  const clock = createFakeClock(START);
  const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
  const bus: Bus = await openBus({ ...shared, url: 'postgres:', source: 'kopek/test' });
  await bus.declare([{ topic: payoutEvents, name: 'test' } as never]);
  const ledger = await standardLedger(database, clock);
  const requests = createRequests({ ...shared, ids: createIdSource(1) });
  let gates = 1;
  let asked = 0;
  return {
    ...{ ...shared, bus, ledger, requests },
    gate(accounts: AccountSystem, more: { limit?: number; callTimeoutMs?: number } = {}): ReqGate {
      gates += 1;
      return createReqGate({
        ...{ ...shared, bus, ids: createIdSource(gates), accounts },
        // Nobody waits for so long: a turn that comes at all comes at once.
        ...{ intervalMs: 3_600_000, limit: 100, ...more },
      });
    },
    async ask(clientId: string, more: Partial<RequestInput> = {}): Promise<string> {
      asked += 1;
      return requests.take({
        ...{ clientId, externalId: `asked ${asked}`, askedBy: 'key_1', ...more },
      });
    },
    close: () => bus.close(),
  };
}
