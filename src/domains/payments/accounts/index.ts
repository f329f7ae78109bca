export {
  type CardMethod,
  cardMethods,
  type GatewayAccount,
  type GatewayAccountState,
  type GatewayKind,
  type GatewayRouting,
  gatewayKinds,
  type NewGatewayAccount,
  type OpenAccount,
} from './account.ts';
export { readGatewayAccount, readGatewayAccounts } from './account-store.ts';
export { type AccountGateways, asCardGateways } from './as-card-gateways.ts';
export { chooseGateways, type RoutableAccount, type RoutedPayment } from './choose-gateways.ts';
export {
  createGatewayAccounts,
  type GatewayAccounts,
  type GatewayAccountsOptions,
  type GatewayConnection,
  gatewayUnknown,
} from './create-gateway-accounts.ts';
export type { GatewayMaker, GatewayMakers } from './gateway-maker.ts';
export { type GatewayRoutesOptions, gatewayToApi, registerGatewayRoutes } from './http-gateways.ts';
