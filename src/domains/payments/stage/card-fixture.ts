import { after } from 'node:test';
import { createKeyring } from '#auth';
import { createFakeClock } from '#clock';
import { type Database, sql } from '#database';
import { createHttpServer } from '#http';
import { createIdSource } from '#ids';
import type { CardGateway } from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import { accountOf, type PresentRequest } from '#payments/cards';
import { cardChargeGroup } from '#payments/charging';
import { createPayments, type Payments } from '#payments/create-payments';
import { registerPaymentRoutes } from '#payments/http';
import { registerNotificationRoutes } from '#payments/notifications';
import { parsePaymentId } from '#payments/payment';
import { verifyPostings } from '#payments/posting';
import { createReconciler, registerDifferenceRoutes } from '#payments/reconciliation';
import { createHandSettler, registerCardStaffRoutes } from '#payments/staff';
import { cardWorkersOf, furnish, onlyGateway } from '#payments/stand/index';
import { paymentDisputes, paymentEvents, paymentResponses } from '#payments/topics';
import { createNewsContext } from '#payments/workers';
import { freePort, testDatabase } from '#testing';
import type { CardOutside, Paying } from './card-outside.ts';
import { readersOf } from './fixture.ts';

export { onlyGateway } from '#payments/stand/index';

export const CARDS_NOW = new Date('2026-11-20T07:00:00Z');
export const CARD_SECRET = 'a secret that only tests know, long enough';
export const BROWSER = {
  ...{ ipAddress: '203.0.113.7', returnUrl: 'https://shop.test/thanks', locale: 'ru' },
};
const HOUR_MS = 3_600_000;
const PATIENCE = { timeoutMs: 30_000 };

/** However slow the machine. */
export const PATIENT = PATIENCE;

export interface CardHouseOptions {
  /** How many of each worker; 0: another process does the work. One unless told. */
  readonly copies?: number;
  /** Whether the doors of this process are open. They are unless told. */
  readonly isOpen?: boolean;
}

/** What a house of card payments is made of, without its outside. */
export async function furnishCards(database: Database, gateway: string, now = CARDS_NOW) {
  const furnished = await furnish({
    ...{ database, clock: createFakeClock(now), ids: createIdSource(process.pid) },
    secret: CARD_SECRET,
  });
  await furnished.bus.declare([
    cardChargeGroup(gateway),
    { topic: paymentResponses(gateway), name: 'test' },
    { topic: paymentDisputes, name: 'test' },
    { topic: paymentEvents, name: 'test' },
  ] as never);
  return furnished;
}

export type Furnished = Awaited<ReturnType<typeof furnishCards>> & {
  readonly cardGateways: CardGateways;
  readonly payments: Payments;
};

/** The workers of one process. */
export function workersOf(house: Furnished, card: CardGateway) {
  return cardWorkersOf({ ...house, inbox: house.payments.inbox }, card);
}

export async function openDoors(house: Furnished, port: number) {
  const { database } = house;
  const keyring = createKeyring({ database });
  const server = await createHttpServer({ ...house, api: { ...house, keyring } });
  registerNotificationRoutes(server.app, house.payments);
  registerPaymentRoutes(server.app, house);
  registerCardStaffRoutes(server.app, {
    ...{ database, settler: createHandSettler(createNewsContext(house)) },
  });
  registerDifferenceRoutes(server.app, house);
  await server.listen(port, '127.0.0.1');
  return server;
}

/** Payments by card on a database of their own, with a gateway's simulator at their other end and their own doors open. */
export async function openCardHouse(
  outside: CardOutside,
  { copies = 1, isOpen = true }: CardHouseOptions = {},
) {
  const database = await testDatabase();
  const furnished = await furnishCards(database, outside.name);
  const { bus, operators } = furnished;
  const port = await freePort();
  const site = `http://127.0.0.1:${port}/v1/webhooks/${outside.name}`;
  const open = await outside.open(site);
  const cardGateways = onlyGateway(open.card);
  const house = { ...furnished, cardGateways };
  const payments = createPayments(house);
  const whole = { ...house, payments };
  const server = isOpen ? await openDoors(whole, port) : undefined;
  const workers = Array.from({ length: copies }, () => workersOf(whole, open.card)).flat();
  for (const worker of workers) worker.start();
  after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await server?.close();
    await open.card.close();
    await open.close();
    await operators.close();
    await bus.close();
  });
  const hands = handsOf(whole, outside.name);
  const context = createNewsContext(whole);
  const settler = createHandSettler(context);
  const reconciler = createReconciler({ cardGateways, context });
  return {
    ...whole,
    settler,
    reconciler,
    outside: open,
    port,
    site,
    ...readersOf(database),
    ...hands,
  };
}

let people = 0;

function handsOf({ clock, database, ledger, payments }: Furnished, gateway: string) {
  const { published } = readersOf(database);
  const stateOf = async (payment: string) =>
    (await payments.report(database.pool, payment)).state as string;
  return {
    stateOf,
    /** A payment of somebody new, on a page of his own. */
    async present(changes: Partial<PresentRequest> = {}): Promise<string> {
      people += 1;
      const request = {
        ...{ customerId: BigInt(people), msisdn: `+7916${String(people).padStart(7, '0')}` },
        ...{ amountMinor: 19_900n, currency: 'RUB', reference: `sub_${people}/0` },
        offer: { description: 'A month of Music', saveCard: true },
        notAfter: new Date(clock.now().getTime() + HOUR_MS),
        ...changes,
      };
      const [payment] = await database.transaction((tx) => payments.cards.prepare(tx, [request]));
      return payment ?? '';
    },
    async lead(payment: string): Promise<Paying> {
      const { presentation } = await payments.cards.lead(payment, BROWSER);
      return { payment, account: accountOf(parsePaymentId(payment).customerId), presentation };
    },
    /** The month after, with the card that was kept. */
    async renew(customerId: bigint, reference: string, amountMinor = 19_900n): Promise<string> {
      const [card] = await payments.cards.list(database.pool, customerId);
      if (!card) throw new Error('no card was kept');
      const [renewal = ''] = await database.transaction((tx) =>
        payments.request(tx, [
          {
            ...{ customerId, gateway, msisdn: '+79160000001', amountMinor, currency: 'RUB' },
            ...{ reference, priority: 1, cardId: card.id, offer: { description: 'A month' } },
            notAfter: new Date(clock.now().getTime() + 24 * HOUR_MS),
          },
        ]),
      );
      return renewal;
    },
    refund: (payment: string, amountMinor?: bigint) =>
      database.transaction((tx) =>
        payments.refund(tx, { payment, amountMinor, reason: 'it was a mistake' }),
      ),
    async transactionOf(payment: string): Promise<string> {
      const { customerId, id } = parsePaymentId(payment);
      const { rows } = await sql<{ gateway_reference: string | null }>`
        select gateway_reference from payments.payment
        where customer_id = ${customerId} and id = ${id}`.execute(database.pool);
      return rows[0]?.gateway_reference ?? '';
    },
    eventsOf: async (payment: string) =>
      (await published(paymentEvents))
        .filter((one) => one.payment === payment)
        .map(({ event }) => event),
    disputesOf: async (payment: string) =>
      (await published(paymentDisputes))
        .filter((one) => one.payment === payment)
        .map(({ kind }) => kind),
    responsesOf: async (payment: string) =>
      (await published(paymentResponses(gateway))).filter((one) => one.payment === payment),
    /** What waits to be applied. */
    async waiting(): Promise<number> {
      const { rows } = await sql<{ n: number }>`
        select count(*)::integer as n from payments.notification where state <> 'applied'`.execute(
        database.pool,
      );
      return rows[0]?.n ?? 0;
    },
    balances: () => balancesOf(ledger, gateway),
    judge: () => judgeBooks(database, ledger),
  };
}

/** Calls the doors of a house, with a key, or with another one. */
export function callerOf<Answer>({ port }: { readonly port: number }, ownKey: string) {
  let keys = 0;
  return async (method: string, path: string, body?: object, key = ownKey) => {
    keys += 1;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': 'application/json', 'idempotency-key': `key-${keys}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: (await answer.json()) as Answer };
  };
}

/** Of a gateway, each on its normal side: what lies where. */
export async function balancesOf(
  ledger: Furnished['ledger'],
  gateway: string,
): Promise<Readonly<Record<string, bigint>>> {
  const types = ['receivable', 'suspense', 'disputed', 'fees', 'revenue'];
  const clientOf = (type: string) => (type === 'revenue' ? '' : gateway);
  const accounts = await ledger.open(
    types.map((type) => ({ type, clientId: clientOf(type), currency: 'RUB' })),
  );
  const views = await Promise.all(accounts.map(({ id }) => ledger.account(id)));
  return Object.fromEntries(views.map((view) => [view.type, view.balanceMinor]));
}

/** Everything that was accepted is posted, and the books agree with themselves. */
export async function judgeBooks(
  database: Database,
  ledger: Furnished['ledger'],
): Promise<readonly string[]> {
  const { missing } = await verifyPostings({ database });
  const { findings } = await ledger.verify();
  return [...missing, ...findings.map(({ kind }) => kind)];
}
