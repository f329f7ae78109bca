import type { Tx } from '#database';
import { formatMoney } from '#money';
import { paymentRequestId, type RequestRow } from '#payments/intake';
import { type OutgoingSms, WEBHOOK_SCOPE } from '#sms';
import { CARD, smsRouteOf } from '#subscriptions/sms-route';
import type { WebhookEvent } from '#webhooks';
import type { IntakeContext } from './intake-context.ts';
import { viewOf } from './request-view.ts';

/** A message about a payment of yesterday helps nobody. */
const SMS_VALID_MS = 24 * 3_600_000;

/**
 * One turn of notifier: tells each customer what became of his request, by SMS and by webhook, and with the same transaction it is
 * `completed`: once, whatever dies when. Answers how many were told.
 */
export async function tellRequests(context: IntakeContext, tx: Tx, most: number): Promise<number> {
  const { cards, clock, requests, sms, webhooks } = context;
  const now = clock.now();
  const rows = await requests.completeProcessed(tx, { most, now });
  if (rows.length === 0) return 0;
  const titles = new Map(
    await Promise.all(
      [...new Set(rows.map((row) => row.service))].map(async (code) => {
        const plan = await cards.plan(code);
        return [code, { title: plan?.title ?? code, texts: plan?.texts ?? {} }] as const;
      }),
    ),
  );
  const messages = rows.map((row) => toSms(context, row, titles.get(row.service)));
  await sms.send(
    tx,
    messages.map((message) => ({
      ...message,
      expiresAt: new Date(now.getTime() + SMS_VALID_MS),
    })),
  );
  await webhooks.enqueue(
    tx,
    rows.map((row) => toWebhook(row, now)),
  );
  return rows.length;
}

/** What a plan's own texts are called, and what is said where it has none. */
const TEXTS = {
  accepted: { occasion: 'payment_accepted', text: '{title}: paid, {amount}. Thank you.' },
  decline: { occasion: 'payment_declined', text: '{title}: not paid. Try another card.' },
  error: { occasion: 'payment_failed', text: '{title}: not paid, nothing was charged. Try again.' },
} as const;
const REFUND_TEXTS = {
  accepted: { occasion: 'refund_accepted', text: '{title}: {amount} was given back.' },
  decline: { occasion: 'refund_failed', text: '{title}: nothing could be given back.' },
  error: { occasion: 'refund_failed', text: '{title}: nothing could be given back.' },
} as const;

function toSms(
  context: IntakeContext,
  row: RequestRow,
  plan: { readonly title: string; readonly texts: Readonly<Record<string, string>> } | undefined,
): Omit<OutgoingSms, 'expiresAt'> {
  const texts = row.kind === 'refund' ? REFUND_TEXTS : TEXTS;
  const { occasion, text } =
    row.payment_status === 'unknown' ? texts.error : texts[row.payment_status];
  const request = paymentRequestId(row.id);
  const { amount_minor: amountMinor, currency } = row;
  const amount =
    amountMinor === null || currency === null ? '' : formatMoney({ amountMinor, currency });
  return {
    ...smsRouteOf({ msisdn: row.msisdn, operator: CARD }, context),
    recipient: row.msisdn,
    body: (plan?.texts[occasion] ?? text)
      .replaceAll('{title}', plan?.title ?? row.service)
      .replaceAll('{amount}', amount),
    ...{ kind: occasion, priority: 1, reference: request, dedupeKey: `${request}:told` },
  };
}

function toWebhook(row: RequestRow, now: Date): WebhookEvent {
  const request = paymentRequestId(row.id);
  return {
    ...{ id: `${request}_completed`, scope: WEBHOOK_SCOPE, type: 'payment.completed' },
    ...{ key: request, occurredAt: now, data: viewOf(row) },
    ...(row.callback !== null && { callbackUrl: row.callback }),
  };
}
