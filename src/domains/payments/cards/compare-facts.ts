import type { CardFacts } from '#payments/card-gateway';

export interface Expected {
  readonly payment: string;
  readonly account: string;
  readonly amountMinor: bigint;
  readonly currency: string;
}

/**
 * What a gateway says of an operation beside what was asked for; undefined where they agree. A browser can change what
 * a widget is given, so only this comparison makes an answer count. What the gateway does not say can't be compared.
 */
export function conflictOf(facts: CardFacts, expected: Expected): string | undefined {
  if (facts.payment !== undefined && facts.payment !== expected.payment) return 'order_differs';
  if (facts.currency !== expected.currency) return 'currency_differs';
  if (facts.amountMinor !== expected.amountMinor) return 'amount_differs';
  if (facts.account !== undefined && facts.account !== expected.account) return 'account_differs';
  return undefined;
}

/** What gateways know a payer by. */
export function accountOf(customerId: bigint): string {
  return `cus_${customerId.toString(36)}`;
}
