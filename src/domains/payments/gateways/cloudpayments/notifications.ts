import { at, type Json, textAt } from '#json';
import { parseDecimal } from '#money';
import type {
  CardOutcome,
  CheckQuestion,
  CheckVerdict,
  GatewayNews,
  GatewayNotification,
  NotificationReading,
  Reply,
} from '#payments/card-gateway';
import { declinedBy, fieldsOf, requireSize, unreadable, utcDate } from '#payments/card-talk';
import { readTransaction } from './outcomes.ts';
import { reasonCodes } from './reason-codes.ts';
import { type CloudPaymentsAccount, silentCurrency } from './settings.ts';
import { verifySignature } from './signature.ts';
import { idOf, refundFactsOf } from './transaction.ts';

interface Reading {
  /** Undefined for what is of no operation of ours. */
  readonly news: GatewayNews | undefined;
  readonly status: string;
  /** What it is about looks like another type: the type is in the address, which the signature does not cover. */
  readonly doubtful: boolean;
}

/**
 * Pay, Fail, Confirm, Refund, Cancel, Recurrent and Receipt. The type is told by the address alone, and the signature covers only the
 * fields: each type is held to the fields that it must have, and where those don't tell it from another (a Check sent
 * again to the address of Confirm), it is a hint that is asked about.
 */
export function readNotification(
  notification: GatewayNotification,
  account: CloudPaymentsAccount,
): NotificationReading {
  requireSize(notification);
  const proof = verifySignature(notification, account.secrets.api_secret);
  const fields = fieldsOf(notification);
  const { doubtful, news, status } = readNews(notification.type, fields, silentCurrency(account));
  const id = textAt(fields, 'TransactionId') ?? textAt(fields, 'Id') ?? '';
  return {
    dedupeKey: `${notification.type}:${id}:${status}`,
    ...{ news: news ? [news] : [], isHint: doubtful || proof === 'decoded' },
  };
}

function readNews(type: string, fields: Json, currency: string): Reading {
  switch (type) {
    case 'pay':
      return readPay(fields, currency);
    case 'fail':
      return readFail(fields);
    case 'confirm':
      return { ...readStanding(fields, currency), doubtful: true };
    case 'refund':
      return readRefundNews(fields, currency);
    case 'cancel':
      return readCancel(fields);
    case 'recurrent':
      return readRecurrent(fields);
    case 'receipt':
      return readReceipt(fields);
    default:
      throw unreadable(`there is no type ${type.slice(0, 20)} of notifications`);
  }
}

/** A Check has all that Pay has but the name of the gateway that took the money. */
function readPay(fields: Json, currency: string): Reading {
  const doubtful = textAt(fields, 'GatewayName') === undefined;
  return { ...readStanding(fields, currency), doubtful };
}

function readStanding(fields: Json, currency: string): Omit<Reading, 'doubtful'> {
  const status = textAt(fields, 'Status') ?? '';
  const outcome = readTransaction(fields, currency);
  const stands = outcome.outcome === 'accepted' || outcome.outcome === 'authorized';
  if (!stands) throw unreadable('it has no status of a payment, no transaction or no amount');
  return { news: { news: 'payment', outcome, ...paymentOf(fields) }, status };
}

function readFail(fields: Json): Reading {
  const transaction = idOf(fields, 'TransactionId');
  const code = textAt(fields, 'ReasonCode');
  if (transaction === undefined || code === undefined) throw unreadable('it has no reason code');
  const retryAfterMs = waitOf(textAt(fields, 'RetryAfter'));
  const outcome: CardOutcome = declinedBy(reasonCodes, code, { transaction, retryAfterMs });
  const news = { news: 'payment', outcome, ...paymentOf(fields) } as const;
  return { news, status: code, doubtful: false };
}

const WAIT_MAX_S = 2_592_000;

/** In seconds, as far as is known: their page names no unit. */
function waitOf(text = ''): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  return Math.min(Number(text), WAIT_MAX_S) * 1000;
}

/** It names no currency: where nobody else is sure of it, it is asked. */
function readRefundNews(fields: Json, currency: string): Reading {
  const facts = refundFactsOf(fields, currency);
  const ofTransaction = idOf(fields, 'PaymentTransactionId');
  if (!facts || ofTransaction === undefined) throw unreadable('it names no payment or no amount');
  const of = textAt(fields, 'InvoiceId');
  const told = { facts, ofTransaction, ...(of === undefined ? {} : { of }) };
  const news = { news: 'refund', state: 'accepted', ...told } as const;
  return { news, status: '', doubtful: textAt(fields, 'Currency') === undefined };
}

/** Cancel has the fewest fields of all: what has one of these was sent as another type. */
const OF_OTHERS = [
  ...['Status', 'OperationType', 'ReasonCode', 'PaymentTransactionId', 'DocumentNumber'],
];

function readCancel(fields: Json): Reading {
  const transaction = idOf(fields, 'TransactionId');
  if (transaction === undefined) throw unreadable('it names no transaction');
  const doubtful = OF_OTHERS.some((name) => at(fields, name) !== undefined);
  return { news: { news: 'voided', transaction, ...paymentOf(fields) }, status: '', doubtful };
}

function readRecurrent(fields: Json): Reading {
  const [id, status] = [textAt(fields, 'Id'), textAt(fields, 'Status')];
  if (id === undefined || status === undefined) throw unreadable('it names no subscription');
  const told = ['SuccessfulTransactionsNumber', 'FailedTransactionsNumber'].map(
    (name) => textAt(fields, name) ?? '',
  );
  const news = { news: 'subscription', id, status } as const;
  return { news, status: [status, ...told].join(':'), doubtful: false };
}

const RECEIPT_KINDS: Readonly<Record<string, 'sale' | 'return'>> = {
  ...{ Income: 'sale', IncomeReturn: 'return' },
};
const URL_LETTERS_MAX = 500;

/** No other type has a fiscal document. One that was printed by itself names no operation: it is none of ours. */
function readReceipt(fields: Json): Reading {
  const [document, sign] = [textAt(fields, 'DocumentNumber'), textAt(fields, 'FiscalSign')];
  if (document === undefined || sign === undefined)
    throw unreadable('it has no number or no sign of a fiscal document');
  const transaction = idOf(fields, 'TransactionId');
  const kind = RECEIPT_KINDS[textAt(fields, 'Type') ?? ''];
  if (transaction === undefined || kind === undefined)
    return { news: undefined, status: document, doubtful: false };
  const url = textAt(fields, 'Url');
  const device = textAt(fields, 'DeviceNumber');
  const at = utcDate(textAt(fields, 'DateTime'));
  const isLink =
    url !== undefined && url.length <= URL_LETTERS_MAX && /^https?:\/\/[^\s"<>]+$/.test(url);
  const receipt = {
    ...{ transaction, kind, document, sign, ...paymentOf(fields) },
    ...(device === undefined ? {} : { device }),
    ...(at ? { at } : {}),
    ...(isLink ? { url } : {}),
  };
  return { news: { news: 'receipt', receipt }, status: document, doubtful: false };
}

function paymentOf(fields: Json): { readonly payment?: string } {
  const payment = textAt(fields, 'InvoiceId');
  return payment === undefined ? {} : { payment };
}

/** Check: the same signature, and an answer at once. */
export function readCheck(
  notification: GatewayNotification,
  account: CloudPaymentsAccount,
): CheckQuestion {
  requireSize(notification);
  verifySignature(notification, account.secrets.api_secret);
  const fields = fieldsOf(notification);
  if (idOf(fields, 'TransactionId') === undefined) throw unreadable('it names no transaction');
  const currency = textAt(fields, 'Currency') ?? silentCurrency(account);
  const amountMinor = parseDecimal(textAt(fields, 'Amount') ?? '', currency);
  // What can't be compared with what is asked for must not go on.
  if (amountMinor === undefined) throw unreadable('it names no amount of its currency');
  const customer = textAt(fields, 'AccountId');
  return {
    ...{ ...paymentOf(fields), amountMinor, currency },
    ...(customer === undefined ? {} : { account: customer }),
  };
}

const CHECK_CODES: Readonly<Record<CheckVerdict, number>> = {
  ...{ go: 0, unknown_order: 10, wrong_account: 11, wrong_amount: 12, refuse: 13, expired: 20 },
};

export function checkReply(verdict: CheckVerdict): Reply {
  return reply(CHECK_CODES[verdict]);
}

/** Anything else is sent again, up to a hundred times. */
export function acknowledgement(): Reply {
  return reply(0);
}

function reply(code: number): Reply {
  return { status: 200, contentType: 'application/json', body: JSON.stringify({ code }) };
}
