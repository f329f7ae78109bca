import { createSealer } from '#auth';
import { openBus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import { createLedger, readAccountTypes, STANDARD_ACCOUNT_TYPES } from '#ledger';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators } from '#operators';
import type { CardGateway } from '#payments/card-gateway';
import type { CardGateways, CardLine } from '#payments/card-gateways';
import { createSavedCards, createTokenReader } from '#payments/cards';
import { cardChargeGroup, createCardCharging, createChargeWorker } from '#payments/charging';
import { type CardWorkerOptions, createCardWorker } from '#payments/workers';

/** What houses of card payments stand on in tests, whatever is built on it. */

/** A line that is never busy, and never down. */
export const OPEN_LINE: CardLine = {
  ...{ admits: () => true, perSecond: () => 1000, take: async (most) => most },
  heard: () => {},
};

/** One account, which takes every payment. */
export function onlyGateway(card: CardGateway): CardGateways {
  return {
    names: () => [card.name],
    gateway: (name) => (name === card.name ? card : undefined),
    line: () => OPEN_LINE,
    choose: () => [card.name],
  };
}

/** What every domain needs, with the bus, the ledger and the operators. Nothing is declared on the bus yet. */
export async function furnish<Time extends Clock>(parts: {
  readonly database: Database;
  readonly clock: Time;
  readonly ids: IdSource;
  /** Of the sealer. */
  readonly secret: string;
  readonly busUrl?: string | undefined;
}) {
  const { busUrl = 'postgres:', secret, ...given } = parts;
  const base = {
    ...{ ...given, log: silentLog(), metrics: createMetrics() },
    sealer: createSealer({ secret }),
  };
  const bus = await openBus({ ...base, url: busUrl, source: 'kopek/test' });
  const types = await readAccountTypes(STANDARD_ACCOUNT_TYPES);
  const ledger = await createLedger({ ...base, types });
  const operators = await createOperators(base);
  return { ...base, bus, ledger, operators };
}

/** Charges the saved cards of one account. */
export function chargeWorkerOf(house: Omit<CardWorkerOptions, 'inbox'>, card: CardGateway) {
  const { database } = house;
  const cards = createSavedCards(house);
  return createChargeWorker({
    ...{ ...house, group: cardChargeGroup(card.name), cards },
    gateway: createCardCharging({
      ...{ card, line: OPEN_LINE },
      tokenOf: createTokenReader({ cards, database }),
    }),
  });
}

/** All workers of one account: who hears it, and who charges its cards. */
export function cardWorkersOf(house: CardWorkerOptions, card: CardGateway) {
  return [createCardWorker(house), chargeWorkerOf(house, card)];
}
