import type { Tx } from '#database';
import { unreachable } from '#errors';
import { type PaymentResponse, parsePaymentId } from '#payments';
import type { RequestRow, Settled } from '#payments/intake';
import type { IntakeContext } from './intake-context.ts';

/**
 * The outcomes of payments that requests have led to: `processed`, once. What becomes of the subscription is `state-machine`'s, which
 * hears the same. Answers how many were settled.
 */
export async function settleRequests(
  { clock, requests }: Pick<IntakeContext, 'clock' | 'requests'>,
  tx: Tx,
  responses: readonly PaymentResponse[],
): Promise<number> {
  const heard = new Map(responses.map((response) => [response.payment, response]));
  const keyed = [...heard.values()].map((response) => ({
    response,
    key: parsePaymentId(response.payment),
  }));
  const found = await requests.findUnderWay(
    tx,
    keyed.map(({ key }) => key),
  );
  if (found.length === 0) return 0;
  const nameOf = (customerId: bigint | null, id: bigint | null) => `${customerId}/${id}`;
  const responseOf = new Map(
    keyed.map(({ key, response }) => [nameOf(key.customerId, key.id), response]),
  );
  const locked = await requests.lockUnderWay(
    tx,
    found.map((row) => row.id),
  );
  const settled = locked.flatMap((row): readonly Settled[] => {
    const response = responseOf.get(nameOf(row.customer_id, row.payment_id));
    return response ? [settle(row, response.outcome, response.reason)] : [];
  });
  const changed = await requests.markProcessed(tx, { settled, now: clock.now() });
  return changed.length;
}

/** Refunds have no responses: those under way whose payment has ended. What was given back whole ends what it paid for. */
export async function settleRefunds(context: IntakeContext, tx: Tx, most: number): Promise<number> {
  const { clock, requests } = context;
  const ended = await requests.findEndedRefunds(tx, most);
  if (ended.length === 0) return 0;
  const endOf = new Map(ended.map((row) => [row.id, row]));
  const locked = await requests.lockUnderWay(tx, [...endOf.keys()]);
  const settled = locked.flatMap((row): readonly Settled[] => {
    const end = endOf.get(row.id);
    if (!end) return [];
    return [settle(row, end.state as PaymentResponse['outcome'], end.why ?? undefined)];
  });
  const changed = new Set(await requests.markProcessed(tx, { settled, now: clock.now() }));
  const accepted = new Set(settled.filter((one) => one.status === 'accepted').map((one) => one.id));
  for (const row of locked)
    if (changed.has(row.id) && accepted.has(row.id)) await endWhatWasGivenBack(context, tx, row);
  return changed.size;
}

const BILL = /^(sub_[0-9a-vx]+)\/[0-9]+$/;

/** Who has his money back has no period any more: of a payment of the current one, given back whole. */
async function endWhatWasGivenBack(
  { cards, payments }: IntakeContext,
  tx: Tx,
  row: RequestRow,
): Promise<void> {
  const report = await payments.report(tx, row.refund_of);
  const subscription = BILL.exec(report.reference)?.[1];
  if (subscription === undefined || report.refundedMinor < report.amountMinor) return;
  const one = await cards.find(tx, subscription);
  if (!one?.priced.payments.some(({ payment }) => payment === row.refund_of)) return;
  await cards.command(tx, {
    ...{ subscription, command: 'cancel', timing: 'now', unused: 'keep', reason: 'refunded' },
    ...{ origin: 'payment request', actor: row.asked_by },
  });
}

function settle(
  row: RequestRow,
  outcome: PaymentResponse['outcome'],
  reason: string | undefined,
): Settled {
  return { id: row.id, status: statusOf(outcome), reason: reason ?? reasonOf(outcome) };
}

function statusOf(outcome: PaymentResponse['outcome']): Settled['status'] {
  switch (outcome) {
    case 'accepted':
      return 'accepted';
    case 'declined':
      return 'decline';
    case 'failed':
    case 'withdrawn':
    case 'expired':
    case 'conflicted':
      return 'error';
    default:
      return unreachable(outcome);
  }
}

const reasonOf = (outcome: PaymentResponse['outcome']) => (outcome === 'accepted' ? null : outcome);
