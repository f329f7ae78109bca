import { sql } from '#database';
import type { PaymentStatus, ProcessingStatus } from './request.ts';

/** A request as it lies. */
export interface RequestRow {
  readonly id: bigint;
  readonly place: bigint;
  readonly user_key: string;
  readonly msisdn: string;
  readonly service: string;
  readonly kind: 'payment' | 'refund';
  /** `pay_…`; empty where there is none. */
  readonly refund_of: string;
  readonly amount_minor: bigint | null;
  readonly currency: string | null;
  readonly gateway: string | null;
  readonly email: string | null;
  readonly callback: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly asked_by: string;
  readonly asked_at: Date;
  readonly processing_status: ProcessingStatus;
  readonly payment_status: PaymentStatus;
  readonly reason: string | null;
  readonly duplicate_of: bigint | null;
  readonly customer_id: bigint | null;
  readonly payment_id: bigint | null;
  /** What it became, in the words of who asked. */
  readonly outcome: string | null;
  readonly processed_at: Date | null;
  readonly completed_at: Date | null;
}

export const COLUMNS =
  sql.raw(`r.id, r.place, r.user_key, r.msisdn, r.service, r.kind, r.refund_of, r.amount_minor,
  r.currency, r.gateway, r.email, r.callback, r.details, r.asked_by, r.asked_at, r.processing_status, r.payment_status,
  r.reason, r.duplicate_of, r.customer_id, r.payment_id, r.outcome, r.processed_at, r.completed_at`);
