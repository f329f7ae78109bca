import type { TObject } from 'typebox';
import type { Clock } from '#clock';
import { type GatewayMakers, gatewayKinds } from '#payments/accounts';
import { cardGatewayKinds } from './card-gateway-kinds.ts';

/** Every kind of gateway that there is an adapter for. */
export function cardGatewayMakers(clock: Clock): GatewayMakers {
  return Object.fromEntries(
    gatewayKinds.flatMap((name) => {
      const kind = cardGatewayKinds[name];
      if (!kind) return [];
      const { create, secrets, settings } = kind;
      const schemas = { settings: settings as TObject, secrets: secrets as TObject };
      return [[name, { ...schemas, make: (account) => create({ ...account, clock }) }]] as const;
    }),
  );
}
