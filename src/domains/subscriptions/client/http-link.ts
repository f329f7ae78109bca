import { type HttpApp, Instant, idempotentRoute, MsisdnText, Type } from '#http';
import type { Operators } from '#operators';
import { readAnyMsisdn } from '#phone';
import type { Room } from './room.ts';

/** `POST /v1/customers/{msisdn}/link`: for a merchant's own site or message. */
export function registerLinkRoute(
  app: HttpApp,
  { operators, room }: { readonly room: Room; readonly operators: Operators },
): void {
  idempotentRoute(app, {
    ...{ url: '/v1/customers/:msisdn/link', scope: 'customers:write', tag: 'customers' },
    ...{ summary: 'Make a link that signs a customer in once', status: 201 },
    description:
      'For an hour, and once. Whoever has it sees the customer’s subscriptions and can change them: hand it to nobody else.',
    schema: {
      params: Type.Object({ msisdn: MsisdnText }),
      body: Type.Object({
        send: Type.Optional(
          Type.Union([Type.Literal('sms')], {
            description: 'sms: it is sent to the number as well',
          }),
        ),
      }),
      response: Type.Object({ url: Type.String(), expires_at: Instant }),
    },
    handler: async ({ body, params, principal, tx }) => {
      const plans = operators.all().map(({ plan }) => plan);
      const msisdn = readAnyMsisdn(params.msisdn, plans);
      const wanted = { msisdn, askedBy: principal.name, bySms: body.send === 'sms' };
      const { expiresAt, url } = await room.signIn.createLink(tx, wanted);
      return { url, expires_at: expiresAt };
    },
  });
}
