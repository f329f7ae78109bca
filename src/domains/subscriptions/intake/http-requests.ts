import { askOnce } from '#auth';
import type { Clock } from '#clock';
import {
  apiRoute,
  type HttpApp,
  Instant,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  Type,
} from '#http';
import { parsePaymentRequestId, paymentRequestId } from '#payments/intake';
import type { NumberPlan } from '#phone';
import type { Intake } from './create-intake.ts';
import { RequestBody, readBody, UserKey } from './read-body.ts';
import { viewOf } from './request-view.ts';

export interface IntakeRoutesOptions {
  readonly intake: Intake;
  readonly clock: Clock;
  readonly plans: () => readonly NumberPlan[];
}

const RequestId = Type.String({ description: 'payreq_…' });
const Kind = Type.Union([Type.Literal('payment'), Type.Literal('refund')]);
const ProcessingStatus = Type.Union([
  Type.Literal('new'),
  Type.Literal('in_processing'),
  Type.Literal('processed'),
  Type.Literal('completed'),
  Type.Literal('duplicated'),
]);
const PaymentStatus = Type.Union([
  Type.Literal('unknown'),
  Type.Literal('accepted'),
  Type.Literal('error'),
  Type.Literal('decline'),
]);

const Taken = Type.Object({
  subscribed: Type.Boolean({ description: 'He has this plan already: nothing was sent.' }),
  request: Type.Optional(RequestId),
  processing_status: Type.Optional(Type.Literal('new')),
  subscription: Type.Optional(Type.String({ description: 'sub_…, which he has.' })),
});

const PaymentRequest = Type.Object({
  request: RequestId,
  ...{ user: Type.String(), msisdn: Type.String(), plan: Type.String() },
  kind: Kind,
  refund_of: Type.Optional(Type.String({ description: 'pay_…: what is given back.' })),
  amount_minor: Type.Optional(Type.Integer()),
  currency: Type.Optional(Type.String()),
  gateway: Type.Optional(Type.String()),
  processing_status: ProcessingStatus,
  payment_status: PaymentStatus,
  reason: Type.Optional(Type.String({ description: 'Why it is not accepted, or a duplicate.' })),
  duplicate_of: Type.Optional(
    Type.String({ description: 'payreq_…: the request that stands for this one.' }),
  ),
  payment: Type.Optional(Type.String({ description: 'pay_…: the payment that it led to.' })),
  subscription: Type.Optional(
    Type.String({ description: 'sub_…: begins with the payment, ends where it is declined.' }),
  ),
  asked_at: Instant,
  processed_at: Type.Optional(Instant),
  completed_at: Type.Optional(Instant),
});

const BODY_BYTES_MAX = 16 * 1024;
const URL = '/v1/payment-requests';

/** `/v1/payment-requests`: one is taken, one is shown, a user's are listed. */
export function registerIntakeRoutes(app: HttpApp, options: IntakeRoutesOptions): void {
  const { intake } = options;
  const common = { url: URL, tag: 'payment requests' };
  apiRoute(app, {
    ...{ ...common, method: 'POST', scope: 'payments:write', status: 202 },
    summary: 'Ask for a payment or a refund',
    description:
      'Answers when the request lies on the log `payments`; what becomes of it, its statuses tell later, and `callback`. Who ' +
      'has the plan already is answered at once, and nothing is sent. Of one user, plan and kind the latest request counts: ' +
      'earlier ones that were not sent yet are `duplicated`, and so is one that comes while another is under way. Needs an ' +
      '`Idempotency-Key`: sent again with the same body, the same answer comes again.',
    bodyBytesMax: BODY_BYTES_MAX,
    schema: { body: RequestBody, response: Taken },
    handler: async ({ body, principal, request }) => {
      const key = String(request.headers['idempotency-key'] ?? '');
      const asked = await readBody(body, { ...options, askedBy: principal.id });
      const route = `POST ${URL}`;
      const taken = await intake.take(
        asked,
        askOnce({ principal: principal.id, key, route, body }),
      );
      if (taken.outcome === 'subscribed')
        return { subscribed: true, subscription: taken.subscription };
      return { subscribed: false, request: taken.request, processing_status: 'new' as const };
    },
  });
  registerReads(app, intake);
}

function registerReads(app: HttpApp, intake: Intake): void {
  const common = { method: 'GET', tag: 'payment requests', scope: 'payments:read' } as const;
  apiRoute(app, {
    ...{ ...common, url: `${URL}/:id` },
    summary: 'Show a payment request',
    schema: {
      params: Type.Object({ id: Type.String({ maxLength: 60 }) }),
      response: PaymentRequest,
    },
    handler: async ({ params }) => viewOf(await intake.find(params.id)),
  });
  apiRoute(app, {
    ...{ ...common, url: URL },
    summary: "List a user's payment requests",
    description: 'The newest first.',
    schema: {
      querystring: Type.Object({ user: UserKey, ...PageQuery.properties }),
      response: pageSchema(PaymentRequest),
    },
    handler: async ({ query }) => {
      const rows = await intake.list({
        user: query.user,
        before: query.cursor === undefined ? null : readPosition(query.cursor),
        limit: query.limit + 1,
      });
      return pageOf(rows, query.limit, {
        item: viewOf,
        positionOf: ({ id }) => [paymentRequestId(id)],
      });
    },
  });
}

function readPosition(cursor: string): bigint {
  const [id = ''] = readCursor(cursor, 1);
  return parsePaymentRequestId(id);
}
