import type { Sealer } from '#auth';
import { parseRowId } from '#ids';
import { fail } from '#subscriptions/errors';
import type { Order } from './order.ts';

/** What a page of ours is for: an order that waits for its consent, or a payment that waits for its holder. */
export type PayPage =
  | {
      readonly page: 'order';
      readonly id: string;
      readonly order: Order;
      readonly returnUrl: string;
    }
  | {
      readonly page: 'payment';
      readonly subscription: string;
      readonly payment: string;
      readonly returnUrl: string;
    };

const PURPOSE = 'pay-page';
const HOUR_MS = 3_600_000;
const PAGE_HOURS = 23;

/** Sealed, not only signed: a number stands in it, and addresses are kept in logs. Nobody can change the price. */
export function writePayToken(sealer: Sealer, page: PayPage, now: Date): string {
  return sealer.seal(JSON.stringify([now.getTime(), page]), PURPOSE);
}

/** Throws `pay_link_invalid` for what is none of ours, was changed, or is too old. */
export function readPayToken(sealer: Sealer, token: string, now: Date): PayPage {
  const [issuedMs, page] = open(sealer, token);
  if (now.getTime() - issuedMs > PAGE_HOURS * HOUR_MS)
    throw fail('pay_link_invalid', 'This page is too old. Begin again where you came from.');
  return page;
}

function open(sealer: Sealer, token: string): readonly [number, PayPage] {
  try {
    return JSON.parse(sealer.open(token, PURPOSE)) as [number, PayPage];
  } catch (cause) {
    throw fail('pay_link_invalid', 'This link is not whole. Open it again where you came from.', {
      cause,
    });
  }
}

/** The number that a subscription will have once its order is agreed to. */
export function orderIdOf(page: Extract<PayPage, { page: 'order' }>): bigint {
  return parseRowId('ord', page.id, 'order');
}
