/** For tests only: payments with all that they stand on, and the outside at the other end. */

export { callerOf, onlyGateway, openCardHouse, PATIENT } from './card-fixture.ts';
export { callJson } from './card-outside.ts';
export { openCloudPaymentsHouse } from './cloudpayments-house.ts';
export { CLOUD_PAYMENTS, cloudPaymentsOutside, GOOD, SECRET } from './cloudpayments-outside.ts';
export { NOW, openPaymentsHouse } from './fixture.ts';
export { RECEIPTS, yooKassaOutside } from './psp-outside.ts';
