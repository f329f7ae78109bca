import { after } from 'node:test';
import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { must } from '#errors';
import { createIdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { chargeGroup, createRecorder } from '#payments/charging';
import { createPayments } from '#payments/create-payments';
import type { ChargeOutcome } from '#payments/gateway';
import { createMobilinkGateway } from '#payments/gateways';
import { parsePaymentId, paymentId } from '#payments/payment';
import { claimPayments, markSending, type PaymentRow } from '#payments/store';
import { paymentEvents, paymentResponses } from '#payments/topics';
import { testDatabase } from '#testing';

export const NOW = new Date('2026-11-20T07:00:00Z');
const DAY_MS = 86_400_000;
const OWNER = '019a0000-0000-7000-8000-000000000001';
const LEASE_MS = 60_000;

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 1000,
  timeoutMs: 400,
  inquiry: 'byOurId',
  settleMs: 300,
  refunds: true,
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: [],
};

/** Payments with all that they stand on, real, on a database of their own. Who carries them out, a test decides. */
export async function openPaymentsHouse(changes: Partial<Operator> = {}) {
  const database = await testDatabase();
  const clock = createFakeClock(NOW);
  const base = {
    ...{ database, clock, log: silentLog(), metrics: createMetrics(), ids: createIdSource(1) },
  };
  const bus = await openBus({ ...base, url: 'postgres:', source: 'kopek/test' });
  await bus.declare([
    chargeGroup('mobilink'),
    { topic: paymentResponses('mobilink'), name: 'test' },
    { topic: paymentEvents, name: 'test' },
  ] as never);
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const operators = await createOperators(base);
  const change = async (more: Partial<Operator>) => {
    await database.transaction((tx) => operators.save(tx, { ...operator, ...changes, ...more }));
    await operators.refresh();
  };
  await change({});
  const contract = await database.transaction((tx) =>
    ledger.contracts.add(tx, {
      ...{ service: 'music', operator: 'mobilink', validFrom: new Date(0) },
      partners: [
        { clientId: 'band', basisPoints: 3333 },
        { clientId: 'label', basisPoints: 1111 },
      ],
      ...{ operatorBasisPoints: 3000, taxBasisPoints: 1500 },
    }),
  );
  const gateway = createMobilinkGateway({
    ...{ clock, connection: operators.connection('mobilink') },
    current: () => operators.get('mobilink'),
  });
  const house = { ...base, bus, ledger, operators, gateway };
  const sealer = createSealer({ secret: 'a secret that only tests know, long enough' });
  const payments = createPayments({ ...house, sealer });
  after(async () => {
    await operators.close();
    await bus.close();
  });
  const hands = handsOf({ ...house, payments, contract: contract.id });
  return { ...house, payments, change, ...hands, ...readersOf(database) };
}

type Parts = Parameters<typeof createRecorder>[0] & {
  readonly payments: ReturnType<typeof createPayments>;
  readonly contract: bigint;
};

/** What a worker does, step by step. */
function handsOf({ contract, payments, ...options }: Parts) {
  const { clock, database } = options;
  const recorder = createRecorder(options);
  let people = 0n;

  /** A charge that was asked for, of a customer of its own. */
  async function asked(amountMinor = 501n): Promise<string> {
    people += 1n;
    const [payment] = await database.transaction((tx) =>
      payments.request(tx, [
        {
          ...{ customerId: people, gateway: 'mobilink', reference: `bill ${people}` },
          ...{ msisdn: `+92300${1_000_000n + people}`, amountMinor, currency: 'PKR' },
          ...{ priority: 1, notAfter: new Date(NOW.getTime() + DAY_MS), allocation: contract },
        },
      ]),
    );
    must(payment, 'a charge was asked for');
    return payment;
  }

  /** Up to its call. */
  async function begun(payment: string): Promise<PaymentRow> {
    const { customerId, id } = parsePaymentId(payment);
    const step = {
      ...{ keys: { customers: [customerId], ids: [id] }, owner: OWNER, leaseMs: LEASE_MS },
      now: clock.now(),
    };
    await database.transaction((tx) => claimPayments(tx, step));
    const [row] = await markSending(database.pool, step);
    must(row, `${payment} was begun`);
    return row;
  }

  const record = (row: PaymentRow, result: ChargeOutcome) =>
    recorder.record([{ row, said: { result, log: [] } }]);

  async function ended(payment: string, result: ChargeOutcome): Promise<void> {
    await record(await begun(payment), result);
  }

  /** A charge that the gateway has accepted. */
  async function charged(amountMinor?: bigint): Promise<string> {
    const payment = await asked(amountMinor);
    await ended(payment, { outcome: 'accepted' });
    return payment;
  }

  const refund = (payment: string, amountMinor?: bigint) =>
    database.transaction((tx) =>
      payments.refund(tx, { payment, amountMinor, reason: 'it was a mistake' }),
    );

  return { asked, begun, charged, ended, record, recorder, refund };
}

/** What was told, and what was posted. */
export function readersOf(database: Database) {
  /** Payloads that wait for a group, oldest first. */
  async function published<Payload>(
    topic: { readonly name: string; readonly payload?: Payload },
    group = 'test',
  ): Promise<readonly Payload[]> {
    const { rows } = await sql<{ payload: string }>`
      select m.payload from platform.bus_parcel p join platform.bus_queue q using (queue)
      cross join lateral unnest(string_to_array(p.payloads, U&'\\001f')) with ordinality as m (payload, n)
      where q.topic = ${topic.name} and q.group_name = ${group} order by p.id, m.n`.execute(
      database.pool,
    );
    return rows.map((row) => JSON.parse(row.payload) as Payload);
  }

  return {
    published,
    /** What was told of a payment, or of the refunds of a charge. */
    async eventsOf(payment: string): Promise<readonly string[]> {
      const events = await published(paymentEvents);
      return events
        .filter((one) => one.payment === payment || one.refund_of === payment)
        .map((one) => one.event);
    },
    async stateOf(payment: string) {
      const { customerId, id } = parsePaymentId(payment);
      const { rows } = await sql<{ state: string; refunded_minor: bigint; attempts: number }>`
        select state, refunded_minor, attempts from payments.payment
        where customer_id = ${customerId} and id = ${id}`.execute(database.pool);
      return rows[0];
    },
    /** The refunds of a charge, oldest first. */
    async refundsOf(payment: string): Promise<readonly string[]> {
      const { customerId, id } = parsePaymentId(payment);
      const { rows } = await sql<{ id: bigint }>`
        select id from payments.payment where customer_id = ${customerId} and refund_of = ${id}
        order by id`.execute(database.pool);
      return rows.map((row) => paymentId(customerId, row.id));
    },
  };
}
