import { type Clock, utcOffsetMinutes } from '#clock';
import {
  type Exchange,
  type Operator,
  type OperatorConnection,
  spellMsisdn,
  type TransactionLogEntry,
} from '#operators';
import type { ChargeOrder, ChargeOutcome, Conversation, Gateway, InquiryOutcome } from '#payments';
import { CALLS_PER_CHARGE } from '#payments/gateway';
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
const LEASE_MARGIN_MS = 30_000;
/** For the grant of the second call: ten calls' worth of the rate, and some. */
const GRANT_PATIENCE_MS = 5000;
const GRANT_PATIENCE_CALLS = 10;
const LOG_LENGTH_MAX = 2000;

type Kind = TransactionLogEntry['kind'];

interface Call {
  readonly method: string;
  readonly kind: Kind;
  readonly granted: boolean;
  /** It is not sent after this moment of `performance.now()`. */
  readonly beforeMs?: number;
  readonly members: Readonly<Record<string, XmlRpcValue>>;
}

interface Said {
  readonly outcome: ChargeOutcome;
  readonly members: ReadonlyMap<string, string>;
  readonly entry: TransactionLogEntry;
}

/** Charges a prepaid account over UCIP-like XML-RPC: `GetBalanceAndDate`, then `UpdateBalanceAndDate`. */
export function createMobilinkGateway(options: MobilinkOptions): Gateway {
  const { clock, connection, current } = options;

  async function converse(order: ChargeOrder, call: Call): Promise<Said> {
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
  }

  const latestMs = () => {
    const { requestsPerSecond, timeoutMs } = current();
    const patienceMs = GRANT_PATIENCE_MS + (GRANT_PATIENCE_CALLS * 1000) / requestsPerSecond;
    return timeoutMs + Math.min(patienceMs, LEASE_MARGIN_MS);
  };

  async function charge(order: ChargeOrder, beganMs: number): Promise<Conversation<ChargeOutcome>> {
    const balance = await converse(order, {
      ...{ method: 'GetBalanceAndDate', kind: 'balance', granted: true, members: {} },
    });
    const refusal = refusalByBalance(balance, order);
    if (refusal) return { result: refusal, log: [balance.entry] };
    const debit = await askToPay(order, { granted: false, beforeMs: beganMs + latestMs() });
    return { result: debit.outcome, log: [balance.entry, debit.entry] };
  }

  function askToPay(
    order: ChargeOrder,
    when: { readonly granted: boolean; readonly beforeMs?: number },
  ): Promise<Said> {
    const members = debitMembers(order);
    return converse(order, { method: 'UpdateBalanceAndDate', kind: 'charge', ...when, members });
  }

  async function inquire(order: ChargeOrder): Promise<Conversation<InquiryOutcome>> {
    if (current().inquiry === 'repeatIsSafe') {
      // Not the balance again: who has paid may be blocked or postpaid by now, and that says nothing of the debit.
      const repeated = await askToPay(order, { granted: true });
      return { result: repeated.outcome, log: [repeated.entry] };
    }
    const asked = await converse(order, {
      ...{ method: 'GetTransactionStatus', kind: 'inquiry', granted: true, members: {} },
    });
    return { result: readInquiry(asked), log: [asked.entry] };
  }

  return {
    name: current().name,
    inquiry: () => current().inquiry,
    settleMs: () => current().settleMs,
    longestMs: () => current().timeoutMs * CALLS_PER_CHARGE + LEASE_MARGIN_MS,
    latestMs,
    chargesPerSecond: () => current().requestsPerSecond / CALLS_PER_CHARGE,
    admits: connection.admits,
    take: connection.take,
    charge,
    inquire,
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

/** A debit is a negative relative adjustment; the reference lets the operator's file be matched by hand. */
function debitMembers(order: ChargeOrder): Record<string, XmlRpcValue> {
  return {
    transactionCurrency: order.currency,
    adjustmentAmountRelative: `-${order.amountMinor}`,
    transactionType: 'subscription',
    transactionCode: 'charge',
    externalData1: order.reference,
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

/** Undefined when the debit may go ahead. Whatever happens here, no money can have moved. */
function refusalByBalance(balance: Said, order: ChargeOrder): ChargeOutcome | undefined {
  const { outcome } = balance;
  if (outcome.outcome === 'unknown') return { outcome: 'not_sent', reason: outcome.reason };
  if (outcome.outcome !== 'accepted') return outcome;
  const currency = balance.members.get('currency1');
  if (currency !== undefined && currency !== order.currency) {
    return { outcome: 'declined', reason: 'invalid_request' };
  }
  return undefined;
}

function readInquiry(asked: Said): InquiryOutcome {
  if (asked.outcome.outcome !== 'accepted') {
    return { outcome: 'unknown', reason: 'inquiry_failed' };
  }
  switch (asked.members.get('transactionStatus')) {
    case 'executed':
      return { outcome: 'accepted' };
    case 'declined': {
      const meaning = meaningOf(asked.members.get('declineCode') ?? '');
      return meaning.outcome === 'declined'
        ? meaning
        : { outcome: 'declined', reason: 'operator_error' };
    }
    case 'unknown':
      return { outcome: 'not_found' };
    default:
      return { outcome: 'unknown', reason: 'inquiry_unreadable' };
  }
}
