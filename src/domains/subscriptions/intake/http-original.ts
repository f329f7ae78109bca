import { askOnce } from '#auth';
import { apiRoute, type HttpApp, Type } from '#http';
import { uuidV7 } from '#ids';
import { readAnyMsisdn } from '#phone';
import type { IntakeRoutesOptions } from './http-requests.ts';
import { agreedOrder, invalid, UserKey } from './read-body.ts';
import { paymentOf } from './request-view.ts';

const URL = '/api/v1/payments/';

/**
 * The routes of the original, for its clients: who pays is named in the query, because a key is a program's and not a person's.
 * `subscription_type` is the code of a plan.
 */
export function registerOriginalIntakeRoutes(app: HttpApp, options: IntakeRoutesOptions): void {
  const { clock, intake, plans } = options;
  const Who = {
    user_id: UserKey,
    msisdn: Type.String({ minLength: 5, maxLength: 30 }),
  };
  apiRoute(app, {
    ...{ method: 'POST', url: URL, tag: 'the original', scope: 'payments:write' },
    summary: 'Ask for a payment or a refund, as the original did',
    description:
      'False where he is subscribed already, and nothing is sent. A refund gives back the newest payment of his for this plan. ' +
      'With an `Idempotency-Key` the same request is taken once.',
    schema: {
      querystring: Type.Object({
        payment_type: Type.Union([Type.Literal('payment'), Type.Literal('refund')]),
        subscription_type: Type.String({ minLength: 1, maxLength: 100 }),
        ...Who,
      }),
      response: Type.Object({ accepted: Type.Boolean() }),
    },
    handler: async ({ principal, query, request }) => {
      const msisdn = readAnyMsisdn(query.msisdn, plans());
      const { payment_type: kind, subscription_type: code, user_id: user } = query;
      const common = { user, msisdn, plan: code, kind, askedBy: principal.id };
      const asked =
        kind === 'refund'
          ? { ...common, refund: { payment: await newestPayment(options, { user, code }) } }
          : {
              ...common,
              order: agreedOrder(await intake.planOnSale(code), {
                ...{ locale: 'en', textShown: `POST ${URL}`, confirmedAt: clock.now() },
                evidence: { user, route: URL },
              }),
            };
      const key = String(request.headers['idempotency-key'] ?? uuidV7(clock.nowMs()));
      const once = askOnce({ principal: principal.id, key, route: `POST ${URL}`, body: query });
      return { accepted: (await intake.take(asked, once)).outcome === 'taken' };
    },
  });
  apiRoute(app, {
    ...{ method: 'GET', url: URL, tag: 'the original', scope: 'payments:read' },
    summary: "A user's subscriptions, as the original listed them",
    schema: {
      querystring: Type.Object(Who),
      response: Type.Array(
        Type.Object({ subscription_type: Type.String(), subscription_id: Type.String() }),
      ),
    },
    handler: async ({ query }) => {
      const msisdn = readAnyMsisdn(query.msisdn, plans());
      const codes = (await intake.plans()).map((plan) => plan.code);
      const subscribed = await intake.subscribed({ user: query.user_id, msisdn }, codes);
      return [...subscribed].map(([type, id]) => ({
        ...{ subscription_type: type, subscription_id: id },
      }));
    },
  });
}

const PAYMENTS_LOOKED_AT = 100;

async function newestPayment(
  { intake }: IntakeRoutesOptions,
  { code, user }: { readonly code: string; readonly user: string },
): Promise<string> {
  const rows = await intake.list({ user, before: null, limit: PAYMENTS_LOOKED_AT });
  const paid = rows.find(
    (row) => row.service === code && row.kind === 'payment' && row.payment_status === 'accepted',
  );
  const payment = paid && paymentOf(paid);
  if (payment !== undefined) return payment;
  throw invalid('subscription_type', 'is of no payment of his that was accepted');
}
