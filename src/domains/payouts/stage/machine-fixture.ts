import { type Bus, type Consumer, openBus } from '#bus';
import { type Clock, createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createIdSource, uuidV7 } from '#ids';
import {
  accountId,
  createLedger,
  credit,
  debit,
  type Ledger,
  readAccountTypes,
  STANDARD_ACCOUNT_TYPES,
} from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { type AccountSystem, createAccountsInProcess } from '#payouts/accounts';
import {
  createPayoutMachine,
  type PayoutMachine,
  type PayoutMachineOptions,
} from '#payouts/create-payout-machine';
import { judgePayouts, type StageName } from '#payouts/machine/judge-payouts';
import type { PayoutState } from '#payouts/payout';
import type { StatusSource } from '#payouts/statuses';
import { type NewPayout, newPayoutGroup, payoutTopics } from '#payouts/topics';
import { eventually } from '#testing';

export const START = new Date('2026-11-20T09:00:00.000Z');
export const TOPICS = payoutTopics('billing-payout');

export async function openTestLedger(database: Database, clock: Clock): Promise<Ledger> {
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  return createLedger({ database, clock, log: silentLog(), types });
}

export interface StageOptions extends Partial<PayoutMachineOptions> {
  /** What stands between the machine and the accounts. */
  readonly wrap?: (accounts: AccountSystem) => AccountSystem;
}

/** A machine on a database of a test, the system of accounts it works with, and what a test does to both. */
export async function setStage(database: Database, options: StageOptions = {}) {
  const clock = createFakeClock(START);
  const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
  const bus = await openBus({ ...shared, url: 'postgres:', source: 'kopek/test' });
  const ledger = await openTestLedger(database, clock);
  const { wrap = (accounts: AccountSystem) => accounts, ...more } = options;
  const accounts = createAccountsInProcess(ledger);
  const machine = createPayoutMachine({
    ...{ ...shared, bus, topics: TOPICS, accounts: wrap(accounts) },
    ...{ senderLimit: 100, intervalMs: 60_000, approvalAbove: new Map(), approvalDays: 30 },
    ...{ silenceMs: 3_600_000, ...more },
  });
  await bus.declare(machine.groups);
  const hands = createHands({ database, ledger, machine });
  return { ...shared, bus, ledger, accounts, machine, erp: createErp(database, bus), ...hands };
}

/** Money of an account that has arrived, as the line of a gateway's statement brings it. */
export async function arriveCash(
  database: Database,
  account: bigint,
  amountMinor: bigint,
): Promise<void> {
  await sql`
    with s as (
      insert into ${ledgerTable('settlement')} (gateway, statement, hash, currency, imported_at)
      values ('gateway', ${uuidV7()}, '', 'RUB', ${START}) returning id
    )
    insert into ${ledgerTable('cash_fact')} (account_id, settlement_id, amount)
    select ${account}, id, ${amountMinor} from s`.execute(database.pool);
}

/** Who makes the payouts: in these tests it listens and says what a test says. */
const ERP = newPayoutGroup(TOPICS);

/** Who hears of new payouts, and writes down what it heard: every message, also of a payout that it knows. */
function createErp(database: Database, bus: Bus) {
  let consumer: Consumer | undefined;
  return {
    async start(): Promise<void> {
      await sql`create table if not exists public.test_published (
        place bigint generated always as identity, erp_id text not null, payload jsonb not null)`.execute(
        database.pool,
      );
      consumer = bus.consume(ERP, { batchSize: 100 }, async (tx, messages) => {
        await sql`insert into public.test_published (erp_id, payload)
          select p->>'erp_id', p from unnest(${messages.map(({ text }) => text)}::jsonb[]) p`.execute(
          tx,
        );
      });
    },
    async stop(): Promise<void> {
      await consumer?.stop();
      consumer = undefined;
    },
    /** All that it was told, when nothing is on its way to it any more. */
    async heard(): Promise<readonly NewPayout[]> {
      await eventually(async () => {
        const waiting = (await bus.depths()).filter(({ group, ready }) => group === 'erp' && ready);
        if (waiting.length > 0) throw new Error('must hold: all was taken');
      });
      const { rows } = await sql<{ payload: NewPayout }>`
        select payload from public.test_published order by place`.execute(database.pool);
      return rows.map(({ payload }) => payload);
    },
  };
}

export type Stage = Awaited<ReturnType<typeof setStage>>;

interface Tools {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly machine: PayoutMachine;
}

const ids = createIdSource(1000);
let clients = 0;
let events = 0;

export interface MadePayout {
  readonly id: bigint;
  readonly clientId: string;
  readonly account: string;
  readonly erpId: string;
  readonly label: string;
}

/** A statement that was imported, without the charges it settles: those are other domains' tests. */
const ledgerTable = (name: string) => sql.id('ledger', name);

/** What a test does: earn, ask, speak as the ERP, look. */
export function createHands({ database, ledger, machine }: Tools) {
  const accountsOf = (clientId: string, label = '') =>
    ledger.open([
      { type: 'receivable', clientId: 'gateway', currency: 'RUB' },
      ...['payout', 'payout-reserved', 'payout-sent'].map((type) => ({
        ...{ type, clientId, currency: 'RUB', label },
      })),
      { type: 'clearing', currency: 'RUB' },
    ]);

  async function earn(clientId: string, amountMinor: bigint, label?: string): Promise<string> {
    const [from, to] = await accountsOf(clientId, label);
    if (!from || !to) throw new Error('must hold: accounts were opened');
    await ledger.submit([
      {
        ...{ id: uuidV7(), kind: 'charge', reference: 'a charge' },
        lines: [debit(from, amountMinor), credit(to, amountMinor)],
      },
    ]);
    await arriveCash(database, to.id, amountMinor);
    return accountId(to.id);
  }

  /** A partner that has earned, and a payout of it, as req-gate makes it. */
  async function ask(
    given: {
      readonly amount?: bigint;
      readonly earned?: bigint;
      readonly clientId?: string;
      readonly askedBy?: string;
      /** Of several accounts of a client. */
      readonly label?: string;
    } = {},
  ): Promise<MadePayout> {
    clients += 1;
    const { amount = 1000n, askedBy = 'key_asker', clientId = `client ${clients}` } = given;
    const { label = '' } = given;
    const account = await earn(clientId, given.earned ?? amount, label);
    const id = ids.next(Date.now());
    const erpId = uuidV7().replaceAll('-', '');
    await sql`
      with r as (
        insert into payouts.request (id, client_id, external_id, asked_by, status, created_at, ended_at)
        values (${id}, ${clientId}, ${erpId}, ${askedBy}, 'done', ${START}, ${START})
      ), s as (
        insert into payouts.step (payout_id, number, step, from_state, to_state, actor, at)
        values (${id}, 1, 'create', '', 'new', 'req-gate', ${START})
      )
      insert into payouts.payout (id, request_id, client_id, account, currency, label, amount_minor, erp_id, reserve_id,
        send_id, pay_id, give_back_id, return_id, created_at)
      values (${id}, ${id}, ${clientId}, ${account}, 'RUB', ${label}, ${amount}, ${erpId}, ${uuidV7()}, ${uuidV7()}, ${uuidV7()},
        ${uuidV7()}, ${uuidV7()}, ${START})`.execute(database.pool);
    return { id, clientId, account, erpId, label };
  }

  /** A word of the ERP, with an event id of its own unless told. */
  async function says(
    payout: MadePayout,
    status: string,
    more: {
      readonly source?: StatusSource;
      readonly eventId?: string;
      readonly reason?: string;
    } = {},
  ): Promise<void> {
    events += 1;
    const { eventId = `event ${events}`, reason, source = 'oebs' } = more;
    const said = { source, eventId, erpId: payout.erpId, status, reason };
    await database.transaction((tx) => machine.receive(tx, [said]));
  }

  return { earn, ask, says, ...createEyes({ database, ledger }, accountsOf) };
}

/** What a test sees. */
function createEyes(
  { database, ledger }: Pick<Tools, 'database' | 'ledger'>,
  accountsOf: (clientId: string, label?: string) => ReturnType<Ledger['open']>,
) {
  const balance = async (id: bigint) => (await ledger.account(id)).balanceMinor;

  return {
    async stateOf({ id }: MadePayout): Promise<PayoutState> {
      const { rows } = await sql<{ state: PayoutState }>`
        select state from payouts.payout where id = ${id}`.execute(database.pool);
      return rows[0]?.state ?? 'new';
    },
    async stepsOf({ id }: MadePayout): Promise<readonly string[]> {
      const { rows } = await sql<{ step: string }>`
        select step from payouts.step where payout_id = ${id} order by number`.execute(
        database.pool,
      );
      return rows.map(({ step }) => step);
    },
    async conflictOf({ id }: MadePayout): Promise<string | null> {
      const { rows } = await sql<{ conflict: string | null }>`
        select conflict from payouts.payout where id = ${id}`.execute(database.pool);
      return rows[0]?.conflict ?? null;
    },
    /** Of a client: what it has, what is reserved, what is on its way; what has left is in `clearing` of all. */
    async moneyOf({ clientId, label }: Pick<MadePayout, 'clientId' | 'label'>) {
      const [, has, reserved, sent] = await accountsOf(clientId, label);
      const [a, b, c] = await Promise.all(
        [has, reserved, sent].map((one) => balance(one?.id ?? 0n)),
      );
      return { has: a, reserved: b, sent: c };
    },
    judge: () =>
      judgePayouts(database, async (name: StageName) => {
        const [account] = await ledger.open([name]);
        return balance(account?.id ?? 0n);
      }),
  };
}
