import { type Bus, type Outgoing, type Parcel, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { type TransactionLogEntry, transactionLog } from '#operators';
import type { Gateway } from './gateway.ts';
import { isSurplus, paymentId } from './payment.ts';
import type { PaymentRow } from './store.ts';
import {
  type PaymentEvent,
  type PaymentResponse,
  paymentEvents,
  paymentRequests,
  paymentResponses,
} from './topics.ts';

/** Not sent for certain: tried again soon, then less and less often, until `not_after`. */
const RESEND_FIRST_MS = 1000;
const RESEND_MOST_MS = 60_000;

/** Tells everyone what became of payments, in one statement; those that are `new` again go back into the queue. */
export async function publishOutcomes(
  { bus, clock, gateway }: { readonly bus: Bus; readonly clock: Clock; readonly gateway: Gateway },
  tx: Tx,
  told: {
    readonly rows: readonly PaymentRow[];
    readonly entries: readonly TransactionLogEntry[];
    /** Of charges by card: what their gateways said beyond the outcome, by id. */
    readonly more?: ReadonlyMap<bigint, Pick<PaymentResponse, ResponseOfCard>>;
  },
): Promise<void> {
  const { entries, more, rows } = told;
  const now = clock.now();
  const at = now.toISOString();
  const responses: Outgoing<PaymentResponse>[] = [];
  const events: Outgoing<PaymentEvent>[] = [];
  for (const row of rows) {
    if (row.state === 'new') continue;
    const key = row.customer_id.toString();
    events.push({ key, payload: toEvent(row, gateway.name, at) });
    // A refund answers no bill, nor does what nobody asked for: whoever cares hears their events.
    if (row.kind !== 'charge' || isSurplus(row)) continue;
    if (row.state !== 'unknown' && row.state !== 'authorized')
      responses.push({
        key,
        payload: toResponse(row, { at, gateway: gateway.name, more: more?.get(row.id) }),
      });
  }
  const again = rows.filter((row) => row.state === 'new').map((row) => resend(row, now));
  const parcels: Parcel[] = [
    parcel(paymentResponses(gateway.name), responses),
    parcel(paymentEvents, events),
    parcel(paymentRequests(gateway.name), again),
  ];
  if (entries.length > 0) {
    const key = entries[0]?.reference ?? '';
    parcels.push(parcel(transactionLog, [{ key, payload: { entries: [...entries] } }]));
  }
  await bus.publishAll(tx, parcels);
}

function resend(row: PaymentRow, now: Date) {
  const delayMs = Math.min(RESEND_MOST_MS, RESEND_FIRST_MS * 2 ** Math.min(row.attempts, 10));
  return {
    key: row.customer_id.toString(),
    priority: row.priority,
    notBefore: new Date(now.getTime() + delayMs),
    payload: {
      payment: paymentId(row.customer_id, row.id),
      kind: row.kind,
      not_after: row.not_after.toISOString(),
    },
  };
}

type ResponseOfCard = 'card' | 'decline_class' | 'retry_after_ms';

export function toResponse(
  row: PaymentRow,
  told: {
    readonly at: string;
    readonly gateway: string;
    readonly more?: Pick<PaymentResponse, ResponseOfCard> | undefined;
  },
): PaymentResponse {
  return {
    payment: paymentId(row.customer_id, row.id),
    reference: row.reference,
    msisdn: row.msisdn,
    amount_minor: Number(row.amount_minor),
    currency: row.currency,
    outcome: row.state as PaymentResponse['outcome'],
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.method === 'card' && { gateway: told.gateway, ...told.more }),
    at: told.at,
  };
}

export function toEvent(row: PaymentRow, gateway: string, at: string): PaymentEvent {
  return {
    event: eventOf(row),
    payment: paymentId(row.customer_id, row.id),
    reference: row.reference,
    msisdn: row.msisdn,
    amount_minor: Number(row.amount_minor),
    currency: row.currency,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.refund_of === null ? {} : { refund_of: paymentId(row.customer_id, row.refund_of) }),
    gateway,
    at,
  };
}

function eventOf({ kind, state }: PaymentRow): string {
  if (kind === 'charge') return state;
  return state === 'accepted' ? 'refunded' : `refund_${state}`;
}
