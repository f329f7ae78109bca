import type { CardGateway } from '#payments/card-gateway';
import { chooseGateways, type RoutedPayment } from './choose-gateways.ts';
import type { GatewayAccounts, GatewayConnection } from './create-gateway-accounts.ts';

/** The accounts as whoever carries payments out needs them: nothing in it waits for the database but `take`. */
export interface AccountGateways {
  /** All of them: what one that is switched off has taken is still heard of. */
  names(): readonly string[];
  /** Undefined where there is no such account. */
  gateway(name: string): CardGateway | undefined;
  /**
   * It admits also where the account is switched off: refunds and questions go on, and its gateway sends no charge by
   * itself. It tells its breaker by itself, too, what came of a call: there is nothing to be told here.
   */
  line(name: string): Pick<GatewayConnection, 'admits' | 'perSecond' | 'take'> & { heard(): void };
  /** Those that may take it, the first choice first. */
  choose(asked: RoutedPayment): readonly string[];
}

export function asCardGateways(
  accounts: Pick<GatewayAccounts, 'routable' | 'gatewayOf' | 'connection'>,
): AccountGateways {
  const names = () => accounts.routable().map(({ name }) => name);
  return {
    names,
    gateway: (name) => (names().includes(name) ? accounts.gatewayOf(name) : undefined),
    line(name) {
      const { isReachable, perSecond, take } = accounts.connection(name);
      return { admits: isReachable, perSecond, take, heard: () => {} };
    },
    choose: (asked) => chooseGateways(accounts.routable(), asked).map(({ name }) => name),
  };
}
