/** The adapters: one folder for each contract, one talk and one conformance suite for all. */

export {
  type CardGatewayKind,
  type CardGatewayOptions,
  cardGatewayKinds,
  createCardGateway,
} from './card-gateway-kinds.ts';
export { cardGatewayMakers } from './card-gateway-makers.ts';
export { createCloudPayments } from './cloudpayments/index.ts';
export { createMobilinkGateway, type MobilinkOptions } from './mobilink/index.ts';
export { createStripe } from './stripe/index.ts';
export { createYooKassa } from './yookassa/index.ts';
