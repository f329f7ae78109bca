import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { createFakeClock } from '#clock';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator, type Operators } from '#operators';
import type { ChargeOrder, RefundOrder } from '#payments/gateway';
import { paymentId } from '#payments/payment';
import { testDatabase } from '#testing';
import { createMobilinkGateway } from './mobilink/index.ts';

export const NOW = new Date('2026-11-20T15:20:00Z');
const TIMEOUT_MS = 400;

const operator: Operator = {
  name: 'mobilink',
  title: 'Mobilink',
  plan: { countryCode: '92', trunkPrefix: '0', digits: 12, prefixes: ['9230'] },
  msisdnFormat: 'international',
  timeZone: 'Asia/Karachi',
  currency: 'PKR',
  shortCode: '7787',
  baseUrl: 'http://127.0.0.1:1',
  requestsPerSecond: 2000,
  timeoutMs: TIMEOUT_MS,
  inquiry: 'byOurId',
  settleMs: 1000,
  refunds: true,
  msisdnHeader: '',
  queryMsisdn: false,
  addressRanges: [],
};

let orders = 0n;

/** A charge that nobody has made before. */
export function newOrder(changes: Partial<ChargeOrder> = {}): ChargeOrder {
  orders += 1n;
  const key = { customerId: orders, id: 5_000_000_000n + orders };
  return {
    ...{ ...key, payment: paymentId(key.customerId, key.id), attempt: 1 },
    ...{ msisdn: `+92300${1_000_000n + orders * 100n}`, amountMinor: 500n, currency: 'PKR' },
    ...{ reference: 'sub_1x1/0', createdAt: new Date() },
    ...changes,
  };
}

/** A refund of a charge of five rupees, of which it gives back three. */
export function newRefundOrder(changes: Partial<RefundOrder> = {}): RefundOrder {
  const { customerId, id, ...order } = newOrder();
  const refundOf = paymentId(customerId, id - 1_000_000n);
  const reference = `refund of ${refundOf}`;
  return { ...order, customerId, id, amountMinor: 300n, refundOf, reference, ...changes };
}

const database = await testDatabase();
let opened = 0;

/** The gateway on a real connection, to an operator of its own that stands wherever it is told. */
export async function openGateway(changes: Partial<Operator> = {}) {
  opened += 1;
  const name = `operator_${opened}`;
  const operators = await openOperators();
  const save = async (wanted: Operator): Promise<void> => {
    await database.transaction((tx) => operators.save(tx, wanted));
    await operators.refresh();
  };
  await save({ ...operator, ...changes, name });
  const current = () => operators.get(name);
  const connection = operators.connection(name);
  const clock = createFakeClock(NOW);
  const gateway = createMobilinkGateway({ clock, connection, current });
  const change = (more: Partial<Operator>) => save({ ...current(), ...more });
  return { change, connection, gateway, name };
}

/** As another process on this database has them. */
export async function openOperators(): Promise<Operators> {
  const operators = await createOperators({ database, log: silentLog(), metrics: createMetrics() });
  after(() => operators.close());
  return operators;
}

/** An operator of whom a test decides every answer; it keeps what it was asked. */
export async function scriptedOperator(answer: (body: string) => string | number) {
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    asked.push(body);
    const said = answer(body);
    if (typeof said === 'number') response.writeHead(said).end();
    else response.writeHead(200, { 'content-type': 'text/xml' }).end(said);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
