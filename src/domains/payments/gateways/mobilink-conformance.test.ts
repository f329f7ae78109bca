import { after } from 'node:test';
import type { ChargeOrder } from '#payments/gateway';
import { startOperatorSimulator } from '#simulators/operator';
import { freePort, temporaryFolder } from '#testing';
import { describeGateway, type Fate, type GatewayUnderTest } from './conformance.ts';
import { newOrder, newRefundOrder, openGateway } from './mobilink-stage.ts';

const SCENARIOS: Readonly<Record<Exclude<Fate, 'accepted' | 'blocked'>, string>> = {
  no_money: 'no-money',
  postpaid: 'postpaid',
  unknown_subscriber: 'unknown-subscriber',
  limit_exceeded: 'limit-exceeded',
  not_active: 'not-active',
  error_before: 'error-before',
  error_after: 'error-after',
  lost_request: 'lost-request',
  lost_answer: 'lost-answer',
  hang_up_after: 'hang-up-after',
  busy: 'down',
};

describeGateway(await mobilinkUnderTest());

/** The gateway in front of the operator's simulator, for the suite that every gateway runs. */
async function mobilinkUnderTest(): Promise<GatewayUnderTest> {
  const { change, connection, gateway } = await openGateway();
  const options = { port: 0, folder: await temporaryFolder(), moUrl: '' };
  const simulator = await startOperatorSimulator(options);
  after(() => simulator.close());
  const tell = (method: string, path: string, body?: unknown) =>
    fetch(simulator.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await change({ baseUrl: simulator.url });
  const awaited = async <Order extends ChargeOrder>(order: Order, fate: Fate): Promise<Order> => {
    // Failures of one test must not count in the next: an answer ends the breaker's count.
    await connection.send({ path: '/', contentType: 'text/plain', body: '' });
    const msisdn = order.msisdn.slice(1);
    if (fate === 'blocked') await tell('PUT', `/customers/${msisdn}`, { blocked: true });
    else if (fate !== 'accepted')
      await tell('POST', '/scenarios', { name: SCENARIOS[fate], msisdn, times: 1 });
    return order;
  };
  const entries = async (path: string, name: 'debits' | 'credits', order: ChargeOrder) => {
    const of = `msisdn=${order.msisdn.slice(1)}&transaction_id=${order.id}`;
    const answer = await tell('GET', `${path}?${of}`);
    const page = (await answer.json()) as Record<typeof name, { amount_minor: number }[]>;
    return page[name].map((entry) => entry.amount_minor);
  };
  return {
    ...{ name: 'mobilink', gateway, sent: () => connection.sent },
    order: (fate) => awaited(newOrder(), fate),
    refundOrder: (fate) => awaited(newRefundOrder(), fate),
    recover: async () => void (await tell('DELETE', '/scenarios')),
    debits: (order) => entries('/ledger', 'debits', order),
    credits: (order) => entries('/credits', 'credits', order),
    setRefunds: (refunds) => change({ refunds }),
    async setInquiry(inquiry) {
      await tell('PUT', '/settings', { inquiry });
      await change({ inquiry });
    },
    async unreachable(work) {
      await change({ baseUrl: `http://127.0.0.1:${await freePort()}` });
      await work();
      await change({ baseUrl: simulator.url });
    },
  };
}
