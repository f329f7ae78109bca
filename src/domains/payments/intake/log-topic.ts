import { type Static, Type } from 'typebox';
import { defineTopic, type Group } from '#bus';

const E164 = '^\\+[1-9][0-9]{6,14}$';

/** A wish to pay, or to have something given back. Amounts are minor units. */
export const LoggedRequest = Type.Object({
  request: Type.String({
    pattern: '^payreq_[0-9a-v]{1,13}$',
    description: 'payreq_…: the same however often it comes.',
  }),
  user: Type.String({ minLength: 1, maxLength: 100, description: "The caller's key of who pays." }),
  msisdn: Type.String({ pattern: E164 }),
  service: Type.String({ minLength: 1, maxLength: 100, description: 'What it is for.' }),
  kind: Type.Union([Type.Literal('payment'), Type.Literal('refund')]),
  refund_of: Type.Optional(Type.String({ description: 'pay_…: what is to be given back.' })),
  amount_minor: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Of a refund without it: all that is left.' }),
  ),
  currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
  gateway: Type.Optional(Type.String({ description: 'This gateway and no other.' })),
  email: Type.Optional(Type.String()),
  callback: Type.Optional(Type.String({ description: 'Who is told when it is over.' })),
  details: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What who asked wants to find again.',
  }),
  asked_by: Type.String({ description: 'Whose API key it came with.' }),
  at: Type.String({ format: 'date-time' }),
});
export type LoggedRequest = Static<typeof LoggedRequest>;

/** The log of requests. In order by user: the latest of one user is the one that counts. */
export const paymentsLog = defineTopic<LoggedRequest>('payments', {
  ...{ schema: LoggedRequest, ordered: true },
  description: 'A request for a payment or a refund; key: the user.',
});

export const saverGroup: Group<LoggedRequest> = { topic: paymentsLog, name: 'saver' };
