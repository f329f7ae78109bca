import type { Bus } from '#bus';
import type { NewPayout, PayoutTopics } from '#payouts/topics';
import type { ErpGate, ErpOrder } from './erp-gate.ts';

/** Publishes new payouts for the ERP; those of one account come to it in their order. */
export function createBusGate(options: {
  readonly bus: Bus;
  readonly topics: Pick<PayoutTopics, 'newPayout'>;
}): ErpGate {
  const { bus, topics } = options;
  return {
    name: 'oebs',
    send: (tx, orders) =>
      bus.publish(
        tx,
        topics.newPayout,
        orders.map((order) => ({ key: order.account, payload: toMessage(order) })),
      ),
  };
}

function toMessage(order: ErpOrder): NewPayout {
  return {
    erp_id: order.erpId,
    client_id: order.clientId,
    account: order.account,
    amount_minor: Number(order.amountMinor),
    currency: order.currency,
    cash_payment_facts: order.facts.map(({ amountMinor, fact, reference }) => ({
      ...{ fact, reference, amount_minor: Number(amountMinor) },
    })),
    at: order.at.toISOString(),
  };
}
