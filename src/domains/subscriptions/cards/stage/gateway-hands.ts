import assert from 'node:assert/strict';
import { type Shop, TERMINAL_SECRET } from './fixture.ts';

/** What a browser, and whoever runs the gateway, do at its simulator. */

/** What the gateway's own book says of an order: debits less refunds, in minor units. */
export async function bookOf({ gatewayUrl }: Shop, payment: string): Promise<number> {
  const answer = await fetch(`${gatewayUrl}/ledger?invoice=${payment}`);
  const { entries } = (await answer.json()) as {
    entries: readonly { readonly kind: string; readonly amountMinor: number }[];
  };
  const signs: Readonly<Record<string, number>> = { debit: 1, refund: -1 };
  return entries.reduce((sum, one) => sum + (signs[one.kind] ?? 0) * one.amountMinor, 0);
}

/** As the widget pays: with what the page was given. */
export async function payByWidget(
  { gateway, gatewayUrl }: Shop,
  number: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<void> {
  const login = Buffer.from(`${gateway.standardPublicId}:${TERMINAL_SECRET}`).toString('base64');
  const packet = gateway.cryptogramOf({ number, expires: '12/59', name: 'A B' });
  const order = toOrder(parameters);
  const answer = await fetch(`${gatewayUrl}/payments/cards/charge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${login}` },
    body: JSON.stringify({
      ...{ IpAddress: '203.0.113.7', CardCryptogramPacket: packet, SaveCard: true },
      ...order,
    }),
  });
  assert.ok(answer.ok);
}

interface WidgetWords {
  readonly externalId?: string;
  readonly invoiceId?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly accountId?: string;
  readonly userInfo?: { readonly accountId?: string };
  readonly receipt?: object;
  readonly data?: object;
}

function toOrder(parameters: Readonly<Record<string, unknown>>) {
  const one: WidgetWords = { ...parameters, ...(parameters as { options?: WidgetWords }).options };
  const user = one.userInfo;
  const data = one.receipt ? { cloudPayments: { customerReceipt: one.receipt } } : one.data;
  return {
    ...(data ? { JsonData: data } : {}),
    InvoiceId: one.externalId ?? one.invoiceId,
    Amount: one.amount,
    Currency: one.currency,
    AccountId: user?.accountId ?? one.accountId,
  };
}

export async function control(
  { gatewayUrl }: Shop,
  method: 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<void> {
  const answer = await fetch(`${gatewayUrl}/control/${path}`, {
    ...{ method, headers: { 'content-type': 'application/json' } },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}
