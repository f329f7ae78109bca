import type { Database } from '#database';
import {
  AmountMinor,
  apiRoute,
  CurrencyCode,
  type HttpApp,
  Instant,
  idempotentRoute,
  Type,
} from '#http';
import type { Payments } from './create-payments.ts';
import type { PaymentFacts, PaymentReport } from './describe-payment.ts';

const Payment = Type.Object({
  payment: Type.String({ description: 'pay_…' }),
  kind: Type.Union([Type.Literal('charge'), Type.Literal('refund')]),
  reference: Type.String({ description: 'What it pays for, in the words of who asked.' }),
  gateway: Type.String(),
  msisdn: Type.String(),
  amount_minor: AmountMinor,
  currency: CurrencyCode,
  state: Type.String({ description: 'See the state machine of payments.' }),
  reason: Type.Optional(Type.String({ description: 'Why it was declined.' })),
  attempts: Type.Integer(),
  created_at: Instant,
  closed_at: Type.Optional(Instant),
  refund_of: Type.Optional(Type.String({ description: 'Of a refund: its charge.' })),
  refund_reason: Type.Optional(Type.String({ description: 'Of a refund: why it was asked for.' })),
});

const PaymentWithRefunds = Type.Intersect([
  Payment,
  Type.Object({
    refunded_minor: Type.Integer({
      ...{ minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
      description: 'What has been asked back of it, and has not failed.',
    }),
    refunds: Type.Array(Payment, { description: 'The newest first.' }),
  }),
]);

/** What PostgreSQL can't store: a NUL, and half a surrogate pair. */
const STORABLE = '^[^\\u0000\\ud800-\\udfff]*$';

const Params = Type.Object({ id: Type.String({ maxLength: 60 }) });

export interface PaymentRoutesOptions {
  readonly payments: Pick<Payments, 'cards' | 'refund' | 'report'>;
  readonly database: Pick<Database, 'pool'>;
}

/** `/v1/payments`: one with its refunds, and giving back. */
export function registerPaymentRoutes(
  app: HttpApp,
  { database, payments }: PaymentRoutesOptions,
): void {
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/payments/:id', scope: 'payments:read', tag: 'payments' },
    summary: 'One payment with its refunds',
    schema: { params: Params, response: PaymentWithRefunds },
    handler: async ({ params }) => reportToApi(await payments.report(database.pool, params.id)),
  });
  registerReservationRoutes(app, { payments });
  idempotentRoute(app, {
    ...{ url: '/v1/payments/:id/refund', scope: 'payments:refund', tag: 'payments', status: 202 },
    summary: 'Give back a charge, or a part of it',
    description:
      'Answers the charge with its refunds as soon as the refund is written down; `payment_events` and ' +
      '`GET /v1/payments/{id}` tell what became of it. At most one refund of a charge is under way.',
    schema: {
      params: Params,
      body: Type.Object({
        amount_minor: Type.Optional(
          Type.Integer({
            ...{ minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
            description: 'All that is left of the charge, unless told.',
          }),
        ),
        reason: Type.String({ minLength: 1, maxLength: 200, pattern: STORABLE }),
      }),
      response: PaymentWithRefunds,
    },
    handler: async ({ body, params, tx }) => {
      await payments.refund(tx, {
        ...{ payment: params.id, reason: body.reason },
        amountMinor: body.amount_minor === undefined ? undefined : BigInt(body.amount_minor),
      });
      return reportToApi(await payments.report(tx, params.id));
    },
  });
}

function registerReservationRoutes(
  app: HttpApp,
  { payments }: Pick<PaymentRoutesOptions, 'payments'>,
): void {
  const Reason = Type.String({ minLength: 1, maxLength: 200, pattern: STORABLE });
  idempotentRoute(app, {
    ...{ url: '/v1/payments/:id/confirm', scope: 'payments:write', tag: 'payments', status: 202 },
    summary: 'Take what is reserved, or a part of it',
    description:
      'What is not taken of it is let go. Answers as soon as it is written down; `payment_events` and `GET /v1/payments/{id}` ' +
      'tell what became of it.',
    schema: {
      params: Params,
      body: Type.Object({
        amount_minor: Type.Optional(
          Type.Integer({
            ...{ minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
            description: 'All that is reserved, unless told.',
          }),
        ),
        reason: Reason,
      }),
      response: PaymentWithRefunds,
    },
    handler: async ({ body, params, tx }) => {
      const amountMinor = body.amount_minor === undefined ? undefined : BigInt(body.amount_minor);
      await payments.cards.confirm(tx, { payment: params.id, amountMinor, reason: body.reason });
      return reportToApi(await payments.report(tx, params.id));
    },
  });
  idempotentRoute(app, {
    ...{ url: '/v1/payments/:id/void', scope: 'payments:write', tag: 'payments', status: 202 },
    summary: 'Let go what is reserved',
    schema: { params: Params, body: Type.Object({ reason: Reason }), response: PaymentWithRefunds },
    handler: async ({ body, params, tx }) => {
      await payments.cards.voidReservation(tx, { payment: params.id, reason: body.reason });
      return reportToApi(await payments.report(tx, params.id));
    },
  });
}

function reportToApi(report: PaymentReport) {
  return {
    ...toApi(report),
    refunded_minor: report.refundedMinor,
    refunds: report.refunds.map(toApi),
  };
}

function toApi(facts: PaymentFacts) {
  return {
    payment: facts.payment,
    kind: facts.kind,
    reference: facts.reference,
    gateway: facts.gateway,
    msisdn: facts.msisdn,
    amount_minor: facts.amountMinor,
    currency: facts.currency,
    state: facts.state,
    ...(facts.reason === undefined ? {} : { reason: facts.reason }),
    attempts: facts.attempts,
    created_at: facts.createdAt,
    ...(facts.closedAt ? { closed_at: facts.closedAt } : {}),
    ...(facts.refundOf === undefined ? {} : { refund_of: facts.refundOf }),
    ...(facts.refundReason === undefined ? {} : { refund_reason: facts.refundReason }),
  };
}
