import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { IdSource } from '#ids';
import { fail } from '#payments/errors';
import { parsePaymentId } from '#payments/payment';
import { lockCardPayment } from '#payments/presented-store';
import { insertOperation } from './operation-store.ts';

export interface OperationRequest {
  /** `pay_…` of what is reserved. */
  readonly payment: string;
  readonly reason: string;
}

export interface ConfirmRequest extends OperationRequest {
  /** All that is reserved, unless told. */
  readonly amountMinor?: bigint | undefined;
}

export interface Reservations {
  /**
   * Asks for what is reserved, or for a part of it: the rest is let go. Asked again while that is under way, it throws. Throws
   * `payment_unknown`, `payment_not_authorized`, `confirm_exceeds_reservation`, `operation_open`.
   */
  confirm(tx: Tx, request: ConfirmRequest): Promise<void>;
  /** Lets go what is reserved. Throws as `confirm` does. */
  voidReservation(tx: Tx, request: OperationRequest): Promise<void>;
}

export function createReservations({
  clock,
  ids,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
}): Reservations {
  async function ask(
    tx: Tx,
    kind: 'confirm' | 'void',
    { amountMinor, payment, reason }: ConfirmRequest,
  ): Promise<void> {
    const row = await lockCardPayment(tx, parsePaymentId(payment));
    if (row?.method !== 'card' || row.kind !== 'charge')
      throw fail('payment_unknown', `There is no payment ${payment} by card.`);
    const { amount_minor: reserved, currency, gateway, gateway_reference: transaction } = row;
    if (row.state !== 'authorized' || transaction === null)
      throw fail(
        'payment_not_authorized',
        `${payment} is ${row.state}: only what is reserved can be taken or let go.`,
        { details: { state: row.state } },
      );
    const wanted = amountMinor ?? reserved;
    if (wanted <= 0n || wanted > reserved) throw tooMuch(payment, reserved);
    const now = clock.now();
    const isNew = await insertOperation(tx, {
      ...{ customerId: row.customer_id, paymentId: row.id, id: ids.next(now.getTime()), gateway },
      ...{ transaction, kind, amountMinor: wanted, currency, reason, now },
    });
    if (!isNew)
      throw fail('operation_open', `${payment} is being taken or let go: look how it ends.`);
  }

  return {
    confirm: (tx, request) => ask(tx, 'confirm', request),
    voidReservation: (tx, request) => ask(tx, 'void', request),
  };
}

function tooMuch(payment: string, reserved: bigint) {
  const message = `must be 1 to ${reserved}`;
  return fail('confirm_exceeds_reservation', `amount_minor of ${payment}: ${message}.`, {
    faults: [{ field: 'amount_minor', message }],
    details: { reserved_minor: Number(reserved) },
  });
}
