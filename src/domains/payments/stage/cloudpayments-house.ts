import assert from 'node:assert/strict';
import { accountOf } from '#payments/cards';
import { parsePaymentId } from '#payments/payment';
import { eventually } from '#testing';
import { type CardHouseOptions, openCardHouse, PATIENT } from './card-fixture.ts';
import {
  type CloudPaymentsSimulators,
  cloudPaymentsHands,
  cloudPaymentsOutside,
  GOOD,
  orderOf,
} from './cloudpayments-outside.ts';

export interface CloudPaymentsHouseOptions extends CardHouseOptions {
  /** Whether the gate before payments is asked: else what a browser pays is not stopped before. It is unless told. */
  readonly isGated?: boolean;
}

/** A house with CloudPayments at its other end, and what browsers do there. */
export async function openCloudPaymentsHouse(
  simulators: CloudPaymentsSimulators,
  { isGated = true, ...options }: CloudPaymentsHouseOptions = {},
) {
  const house = await openCardHouse(cloudPaymentsOutside(simulators), options);
  const { charge, control } = cloudPaymentsHands(house.outside.url, simulators);
  if (!isGated)
    await control('PUT', `sites/${simulators.standardPublicId}`, {
      notifications: { Check: { IsEnabled: false } },
    });
  const widgetOf = (payment: string) =>
    orderOf({ payment, account: accountOf(parsePaymentId(payment).customerId) });
  return {
    ...{ ...house, charge, control, widgetOf },
    /** By the widget, with what it was given or otherwise. */
    pay: (payment: string, changes: object = {}) =>
      charge(GOOD, { ...widgetOf(payment), ...changes }),
    becomes: (payment: string, state: string) =>
      eventually(async () => assert.equal(await house.stateOf(payment), state), PATIENT),
    /** Until all that was told is applied. */
    quiet: () => eventually(async () => assert.equal(await house.waiting(), 0), PATIENT),
  };
}
