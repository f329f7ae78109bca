import { type Static, Type } from 'typebox';
import { defineTopic } from '#bus';

/** One exchange with the outside, redacted: no PIN, no text of a message, no credentials. */
export const TransactionLogEntry = Type.Object({
  at: Type.String({ format: 'date-time' }),
  operator: Type.String(),
  kind: Type.Union([
    Type.Literal('balance'),
    Type.Literal('charge'),
    Type.Literal('refund'),
    Type.Literal('inquiry'),
    /** Of cards: leading a browser to pay, taking what was reserved, letting it go. */
    Type.Literal('present'),
    Type.Literal('confirm'),
    Type.Literal('void'),
    Type.Literal('sms'),
  ]),
  /** Empty where it is about a card. */
  msisdn: Type.String(),
  /** `pay_…` or `sms_…` */
  reference: Type.String(),
  amount_minor: Type.Optional(Type.Integer()),
  currency: Type.Optional(Type.String()),
  /** The normalised outcome: `accepted`, `declined`, `sent`, `not_sent`, `unknown`, … */
  decision: Type.String(),
  /** The operator's own code. */
  code: Type.Optional(Type.String()),
  http_status: Type.Optional(Type.Integer()),
  took_ms: Type.Integer(),
  request: Type.Optional(Type.String()),
  response: Type.Optional(Type.String()),
});
export type TransactionLogEntry = Static<typeof TransactionLogEntry>;

/** A message carries a set: everything that one worker's batch exchanged. */
export const TransactionLog = Type.Object({ entries: Type.Array(TransactionLogEntry) });
export type TransactionLog = Static<typeof TransactionLog>;

export const transactionLog = defineTopic<TransactionLog>('transaction_log', {
  schema: TransactionLog,
  description: 'Exchanges with operators and providers, request and response redacted.',
});
