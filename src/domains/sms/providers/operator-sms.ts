import type { Clock } from '#clock';
import {
  type Exchange,
  type Operator,
  type OperatorConnection,
  spellMsisdn,
  type TransactionLogEntry,
} from '#operators';
import type { SmsCapabilities, SmsLine, SmsOrder, SmsOutcome, SmsProvider } from '#sms/provider';
import { readJson, textAt, toAnswer } from './answer.ts';
import { redactAnswer } from './redact.ts';

export interface OperatorSmsOptions {
  readonly clock: Clock;
  readonly connection: OperatorConnection;
  readonly current: () => Operator;
}

const PATH = '/sms';
const LEASE_MARGIN_MS = 15_000;
/** It only takes messages: it neither says what became of them nor can be asked. */
const CAPABILITIES: SmsCapabilities = {
  ...{ receipts: 'none', inquiry: 'none', status: false, cancel: false, balance: false },
  ...{ validity: 'none', segmentsMax: 10 },
};

/** The operator's own SMS, over the same connection as its charges: one rate holds for both. */
export function createOperatorSms(options: OperatorSmsOptions): SmsProvider {
  const { clock, connection, current } = options;

  function toEntry(order: SmsOrder, exchange: Exchange, result: SmsOutcome): TransactionLogEntry {
    const answered = exchange.outcome === 'answered';
    return {
      at: clock.now().toISOString(),
      operator: current().name,
      kind: 'sms',
      msisdn: order.recipient,
      reference: order.sms,
      decision: result.outcome,
      ...(answered ? { http_status: exchange.status } : {}),
      took_ms: exchange.tookMs,
      request: `${order.sender}: ${order.body.length} letters`,
      response: answered
        ? redactAnswer(toAnswer(exchange), { body: order.body, secrets: [] })
        : exchange.reason,
    };
  }

  return {
    name: current().name,
    capabilities: CAPABILITIES,
    longestMs: () => current().timeoutMs + LEASE_MARGIN_MS,
    async send(order) {
      const exchange = await connection.send({
        path: PATH,
        contentType: 'application/json',
        granted: true,
        body: JSON.stringify({
          id: order.sms,
          from: order.sender,
          to: spellMsisdn(order.recipient, current()),
          text: order.body,
        }),
      });
      const result = read(exchange);
      return { result, log: [toEntry(order, exchange, result)] };
    },
  };
}

/** Its sender: the connection has the rate and the breaker, of its charges as of its messages. */
export function createOperatorLine(options: OperatorSmsOptions): SmsLine {
  const { connection, current } = options;
  return {
    provider: createOperatorSms(options),
    admits: connection.admits,
    perSecond: () => current().requestsPerSecond,
    take: connection.take,
    heard() {},
  };
}

function read(exchange: Exchange): SmsOutcome {
  if (exchange.outcome === 'unknown') return { outcome: 'unknown', reason: exchange.reason };
  if (exchange.outcome === 'not_sent')
    return { outcome: 'not_sent', fault: 'unreachable', reason: exchange.reason };
  const { status, body } = exchange;
  if (status === 429 || status === 503)
    return { outcome: 'not_sent', fault: 'throttled', reason: 'throttled' };
  if (status >= 400 && status < 500)
    return { outcome: 'not_sent', fault: 'message', reason: `http_${status}` };
  if (status !== 200) return { outcome: 'unknown', reason: `http_${status}` };
  const id = textAt(readJson(body), 'id');
  return { outcome: 'accepted', providerMessageIds: id === undefined ? [] : [id] };
}
