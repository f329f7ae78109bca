import { createAddressMatcher, type HttpApp, MsisdnText, type Static, Type } from '#http';
import type { Operators } from '#operators';
import { readMsisdn } from '#phone';
import type { Sms } from '#sms/create-sms';
import { fail } from '#sms/errors';
import { storable } from './incoming-text.ts';

export interface IncomingRoutesOptions {
  readonly sms: Sms;
  readonly operators: Operators;
}

const TEXT_LENGTH_MAX = 2000;

const Params = Type.Object({ operator: Type.String({ maxLength: 40 }) });
const Body = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 100,
    description: "the operator's id of the message",
  }),
  from: Type.String({ minLength: 5, maxLength: 20, description: "the customer's number" }),
  to: Type.String({ minLength: 1, maxLength: 20, description: 'our short code' }),
  text: Type.String({ maxLength: TEXT_LENGTH_MAX }),
  sent_at: Type.Optional(Type.String({ maxLength: 40 })),
});
const Answer = Type.Object({ outcome: Type.String(), msisdn: MsisdnText });

/** `POST /v1/operators/{operator}/mo`: an operator delivers what a customer sent. Its address is its key. */
export function registerIncomingRoutes(
  app: HttpApp,
  { operators, sms }: IncomingRoutesOptions,
): void {
  app.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/v1/operators/:operator/mo',
    {
      schema: {
        ...{
          tags: ['sms'],
          summary: 'Deliver an SMS that a customer sent',
          params: Params,
          body: Body,
        },
        description:
          "Accepted from the operator's own addresses only. Repeating a delivery is harmless.",
        response: { 200: Answer },
      },
    },
    async (request) => {
      const operator = operators.get(request.params.operator);
      if (!createAddressMatcher(operator.addressRanges)(request.ip)) {
        throw fail(
          'incoming_refused',
          `${request.ip} is none of the addresses of ${operator.name}.`,
        );
      }
      const { from, id, text, to } = request.body;
      const msisdn = readMsisdn(from, operator.plan);
      const { outcome } = await sms.receive({
        id: storable(id),
        provider: operator.name,
        msisdn,
        shortCode: storable(to),
        text: storable(text),
      });
      return { outcome, msisdn };
    },
  );
}
