import { type Clock, utcOffsetMinutes } from '#clock';
import {
  type Exchange,
  type Operator,
  type OperatorConnection,
  spellMsisdn,
  type TransactionLogEntry,
} from '#operators';
import type { ChargeOrder, ChargeOutcome } from '#payments/gateway';
import { meaningOf } from './outcomes.ts';
import { decodeAnswer, encodeCall, type XmlRpcValue } from './xml-rpc.ts';

export interface MobilinkOptions {
  readonly clock: Clock;
  readonly connection: OperatorConnection;
  /** The operator as the database has it now. */
  readonly current: () => Operator;
}

const PATH = '/air';
const CONTENT_TYPE = 'text/xml';
const LOG_LENGTH_MAX = 2000;

type Kind = TransactionLogEntry['kind'];

export interface Call {
  readonly method: string;
  readonly kind: Kind;
  readonly granted: boolean;
  /** It is not sent after this moment of `performance.now()`. */
  readonly beforeMs?: number;
  readonly members: Readonly<Record<string, XmlRpcValue>>;
}

export interface Said {
  readonly outcome: ChargeOutcome;
  readonly members: ReadonlyMap<string, string>;
  readonly entry: TransactionLogEntry;
}

export type Converse = (order: ChargeOrder, call: Call) => Promise<Said>;

/** One call and its answer, with what is written down of both. */
export function createConverse({ clock, connection, current }: MobilinkOptions): Converse {
  return async function converse(order, call) {
    const operator = current();
    const body = encodeCall(call.method, {
      ...origin(order, operator, clock.now()),
      ...call.members,
    });
    const exchange = await connection.send({
      ...{ path: PATH, contentType: CONTENT_TYPE, body },
      granted: call.granted,
      ...(call.beforeMs === undefined ? {} : { beforeMs: call.beforeMs }),
    });
    const { outcome, code, members } = read(exchange, order);
    const entry: TransactionLogEntry = {
      at: clock.now().toISOString(),
      operator: operator.name,
      kind: call.kind,
      msisdn: order.msisdn,
      reference: order.payment,
      amount_minor: Number(order.amountMinor),
      currency: order.currency,
      decision: outcome.outcome,
      ...(code === undefined ? {} : { code }),
      ...(exchange.outcome === 'answered' ? { http_status: exchange.status } : {}),
      took_ms: exchange.tookMs,
      request: inShort(call.method, order, call.members),
      response: answerInShort(exchange, members),
    };
    return { outcome, members, entry };
  };
}

/** What was said, as people read it: the number has a column of its own, and what never differs is left out. */
function inShort(
  method: string,
  order: ChargeOrder,
  members: Readonly<Record<string, XmlRpcValue>>,
): string {
  let text = `${method} originTransactionID=${order.id}`;
  for (const name in members) text += ` ${name}=${members[name]}`;
  return text;
}

function answerInShort(exchange: Exchange, members: ReadonlyMap<string, string>): string {
  if (exchange.outcome !== 'answered') return exchange.reason;
  if (members.size === 0) return exchange.body.slice(0, LOG_LENGTH_MAX);
  let text = '';
  for (const [name, value] of members) {
    if (name !== 'originTransactionID') text += `${text === '' ? '' : ' '}${name}=${value}`;
  }
  return text;
}

function origin(order: ChargeOrder, operator: Operator, now: Date): Record<string, XmlRpcValue> {
  return {
    originNodeType: 'EXT',
    originHostName: 'kopek',
    originTransactionID: order.id.toString(),
    originTimeStamp: { iso8601: localTime(now, operator.timeZone) },
    subscriberNumberNAI: 1,
    subscriberNumber: spellMsisdn(order.msisdn, operator),
  };
}

const MINUTE_MS = 60_000;

/** UCIP wants the operator's wall clock with its offset: `20261120T20:20:00+0500`. */
export function localTime(now: Date, timeZone: string): string {
  const offset = utcOffsetMinutes(now, timeZone);
  const wall = new Date(now.getTime() + offset * MINUTE_MS).toISOString();
  const two = (value: number) => String(value).padStart(2, '0');
  const ahead = Math.abs(offset);
  const sign = offset < 0 ? '-' : '+';
  return `${wall.slice(0, 19).replaceAll('-', '')}${sign}${two(Math.floor(ahead / 60))}${two(ahead % 60)}`;
}

interface Reading {
  readonly outcome: ChargeOutcome;
  readonly code?: string;
  readonly members: ReadonlyMap<string, string>;
}

const NOTHING: ReadonlyMap<string, string> = new Map();

function read(exchange: Exchange, order: ChargeOrder): Reading {
  if (exchange.outcome === 'not_sent') {
    return { outcome: { outcome: 'not_sent', reason: exchange.reason }, members: NOTHING };
  }
  if (exchange.outcome === 'unknown') {
    return { outcome: { outcome: 'unknown', reason: exchange.reason }, members: NOTHING };
  }
  // 429 and 503 say that the request was turned away at the door.
  if (exchange.status === 429 || exchange.status === 503) {
    return { outcome: { outcome: 'not_sent', reason: 'throttled' }, members: NOTHING };
  }
  const answer = exchange.status === 200 ? decodeAnswer(exchange.body) : undefined;
  if (!answer) {
    return { outcome: { outcome: 'unknown', reason: `http_${exchange.status}` }, members: NOTHING };
  }
  if ('fault' in answer) {
    const code = String(answer.fault.code);
    return { outcome: { outcome: 'declined', reason: 'invalid_request' }, code, members: NOTHING };
  }
  const echoed = answer.members.get('originTransactionID');
  if (echoed !== undefined && echoed !== order.id.toString()) {
    return { outcome: { outcome: 'unknown', reason: 'answer_of_another' }, members: NOTHING };
  }
  const code = answer.members.get('responseCode') ?? '';
  // No number is no answer: to take it for a refusal would charge again what may have been carried out.
  if (!/^[0-9]{1,6}$/.test(code)) {
    return { outcome: { outcome: 'unknown', reason: 'no_response_code' }, members: NOTHING };
  }
  return { outcome: meaningOf(code), code, members: answer.members };
}
