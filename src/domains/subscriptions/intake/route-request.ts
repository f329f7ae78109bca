import type { RequestRow } from '#payments/intake';
import type { Order } from '#subscriptions/cards';

export interface WaysToPay {
  /** Card gateways that there are. */
  readonly gateways: readonly string[];
  readonly showsPage: (gateway: string) => boolean;
  /** The card that is charged unless another is named. */
  readonly card: { readonly id: bigint; readonly gateway: string } | undefined;
}

export type Route = Pick<Order, 'gateway' | 'charge'> | { readonly refused: 'gateway_unknown' };

/**
 * How a request is paid. The gateway that it names, else that of the saved card. Without a page of the gateway's, what it charges by
 * itself; with a saved card there, that card; else a page that waits for its payer. Where no gateway has a page, the first one.
 */
export function routeRequest(
  { gateway: named }: Pick<RequestRow, 'gateway'>,
  { card, gateways, showsPage }: WaysToPay,
): Route {
  if (named !== null && !gateways.includes(named)) return { refused: 'gateway_unknown' };
  const usable = card && gateways.includes(card.gateway) ? card : undefined;
  if (named !== null && !showsPage(named)) return { gateway: named, charge: {} };
  if (usable && (named === null || named === usable.gateway))
    return { gateway: usable.gateway, charge: { cardId: usable.id } };
  if (named !== null) return { gateway: named };
  const [first] = gateways;
  if (first === undefined || gateways.some(showsPage)) return {};
  return { gateway: first, charge: {} };
}
