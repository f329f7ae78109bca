import { type Static, Type } from 'typebox';
import { defineTopic, type Topic } from '#bus';

/** One message to send. Its text stays in its row: a queue is read by more eyes than a table. */
export const SmsRequest = Type.Object({ sms: Type.String({ description: 'sms_…' }) });
export type SmsRequest = Static<typeof SmsRequest>;

/** One SMS that a customer sent to us. */
export const IncomingSms = Type.Object({
  id: Type.String({ description: "the operator's id of the message" }),
  operator: Type.String({ description: 'its name, as in that of the topic' }),
  msisdn: Type.String({
    ...{ pattern: '^\\+[1-9][0-9]{6,14}$', description: 'who sent it: E.164 with the plus' },
  }),
  short_code: Type.String({ description: 'to which number' }),
  text: Type.String(),
  at: Type.String({
    ...{ format: 'date-time', description: 'when; STOP ends what was agreed to before that' },
  }),
});
export type IncomingSms = Static<typeof IncomingSms>;

export const SmsEvent = Type.Object({
  event: Type.String({
    description:
      'deferred, queued, accepted, sent, delivered, undelivered, expired, rejected, cancelled, unknown; received',
  }),
  sms: Type.String(),
  kind: Type.String({ description: 'pin, welcome, content, unsubscribed, …' }),
  msisdn: Type.String(),
  reference: Type.Optional(Type.String()),
  entity: Type.Optional(Type.String({ description: 'on behalf of which legal entity' })),
  class: Type.Optional(
    Type.String({ description: 'auth, transaction, service, ad, debt, emergency' }),
  ),
  provider: Type.Optional(Type.String()),
  not_before: Type.Optional(
    Type.String({ format: 'date-time', description: 'until when it is deferred' }),
  ),
  decision: Type.Optional(
    Type.Array(Type.String(), {
      description: 'why the rules decided so, in sentences',
    }),
  ),
  /** What the handset shows; a secret is blotted out. */
  text: Type.String(),
  reason: Type.Optional(Type.String()),
  at: Type.String({ format: 'date-time' }),
});
export type SmsEvent = Static<typeof SmsEvent>;

/** 2 what a person waits for (a PIN), 1 answers and links, 0 the rest. */
const PRIORITY_CLASSES = 3;

export function smsRequests(provider: string): Topic<SmsRequest> {
  return defineTopic(`${provider}_sms_requests`, {
    schema: SmsRequest,
    description: 'Messages to send through this provider.',
    priorities: PRIORITY_CLASSES,
  });
}

export function incomingSms(operator: string): Topic<IncomingSms> {
  return defineTopic(`${operator}_mo`, {
    schema: IncomingSms,
    description: 'SMS that customers sent to a short code.',
  });
}

export const smsEvents = defineTopic<SmsEvent>('sms_events', {
  schema: SmsEvent,
  description: 'Every status of every message.',
});
