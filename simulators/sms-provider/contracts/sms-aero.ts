import { json, type Reply } from '#simulators/kit';
import {
  countParts,
  type Message,
  type Order,
  type Receipt,
  type Refusal,
  type State,
} from '#simulators/sms-provider/centre';
import {
  type Answer,
  balanceUnits,
  type Call,
  type Contract,
  formPost,
  type Post,
  units,
} from './contract.ts';
import { parsePairs } from './form.ts';
import { type Result, submit } from './submit.ts';

type Query = Readonly<Record<string, unknown>>;

const statusCodes: Readonly<Record<State, number>> = {
  ...{
    scheduled: 0,
    accepted: 0,
    sent: 3,
    delivered: 1,
    undelivered: 2,
    expired: 2,
    rejected: 6,
    canceled: 6,
  },
};
/** The words for 2, 3, 4, 6 are not confirmed by a source: an adapter reads the number. */
const statusWords: Readonly<Record<number, string>> = {
  ...{
    0: 'queue',
    1: 'delivery',
    2: 'failed',
    3: 'send',
    4: 'wait status',
    6: 'reject',
    8: 'moderation',
  },
};
const numbersMax = 100;
const pageLength = 50;

/**
 * SMS Aero v2: smsaero/smsaero_python (2026-04-01). Its callback's members are not in any source found; here they are
 * those of `sms/status`, as a form, or as JSON with `callbackFormat=JSON`. It carries no signature.
 */
export const smsAero: Contract = {
  provider: 'sms-aero',
  dialect: {
    makeId: (number) => String(12_345 + number),
    told: ['sent', 'delivered', 'undelivered', 'expired', 'rejected'],
  },
  answer,
  receipts: {
    most: 1,
    toPost: ([receipt], url) => toCallback(receipt as Receipt, url),
    isTaken: (status) => status >= 200 && status < 300,
  },
};

function answer(call: Call): Answer {
  const { centre, path } = call;
  const { login, password } = centre.settingsOf('sms-aero');
  const expected = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  if (call.headers.authorization !== expected) {
    return failure(401, 'Your request was made with invalid credentials.');
  }
  const query = readQuery(call);
  switch (path.replace(/^\/v2\//, '').replace(/\/$/, '')) {
    case 'auth':
      return success(null);
    case 'balance':
      return success({ balance: balanceUnits(centre, 'sms-aero') });
    case 'sms/send':
      return answerSend(call, query);
    case 'sms/status': {
      const [message] = centre.ledger.find('sms-aero', String(query.id ?? ''));
      // Here the cost is a text.
      return message
        ? success({ ...toData(message), cost: units(message.costMinor).toFixed(2) })
        : failure(404, 'Message not found.');
    }
    case 'sms/testsend':
      return answerSend(call, query, true);
    case 'sms/teststatus':
      return success({ id: Number(query.id ?? 0), status: 1, extendStatus: 'delivery' });
    case 'sms/testlist':
    case 'sms/list':
      return toList(call, query);
    default:
      return failure(404, 'Not Found');
  }
}

/** JSON, a form, or the query. */
function readQuery({ body, headers, query }: Call): Query {
  const fields: Record<string, unknown> = {};
  const isJson = headers['content-type']?.startsWith('application/json') === true;
  for (const [name, value] of parsePairs(
    [query, isJson ? '' : body.toString('latin1')].join('&'),
  )) {
    if (!name.endsWith('[]')) fields[name] = value;
    else
      fields[name.slice(0, -2)] = [
        ...((fields[name.slice(0, -2)] as string[] | undefined) ?? []),
        value,
      ];
  }
  return isJson ? { ...fields, ...(parse(body.toString('utf8')) as Query) } : fields;
}

/** A test is answered alike, and nothing leaves. */
function answerSend(call: Call, query: Query, isTest = false): Answer {
  const numbers = Array.isArray(query.numbers) ? query.numbers : [query.number];
  const text = String(query.text ?? '');
  const sign = String(query.sign ?? '');
  const wrong = validate(numbers, text, sign);
  if (wrong !== undefined) return failure(400, 'Validation error.', wrong);
  const sendAtMs = Number(query.dateSend ?? 0) * 1000;
  if (Number.isNaN(sendAtMs))
    return failure(400, 'Validation error.', { dateSend: ['Invalid date'] });
  const callbackUrl =
    query.callbackUrl === undefined ? {} : { callbackUrl: String(query.callbackUrl) };
  const orders = numbers.map(
    (number): Order => ({
      ...{ provider: 'sms-aero', to: String(number), from: sign, text, parts: countParts(text) },
      ...(sendAtMs > call.centre.nowMs() ? { sendAtMs } : {}),
      ...callbackUrl,
      extra: { callbackFormat: String(query.callbackFormat ?? '') },
    }),
  );
  if (isTest) return toTest(orders, Array.isArray(query.numbers), call.centre.nowMs());
  return submit({
    ...{ call, contract: smsAero, orders, isPartial: false },
    refuse: toRefusal,
    answer: (results) => {
      const list = results.flatMap((result: Result) =>
        'message' in result ? [toData(result.message)] : [],
      );
      return success(Array.isArray(query.numbers) ? list : list[0]);
    },
  });
}

function validate(numbers: readonly unknown[], text: string, sign: string): object | undefined {
  if (numbers.length === 0 || numbers.length > numbersMax)
    return { numbers: ['Too many numbers.'] };
  if (numbers.some((number) => !/^\d{7,15}$/.test(String(number)))) {
    return { number: ['Number length must be between 7 and 15 digits.'] };
  }
  const length = [...text].length;
  if (length < 2 || length > 640)
    return { text: ['Text length must be between 2 and 640 characters.'] };
  return sign.length < 2 || sign.length > 64
    ? { sign: ['Sign length must be between 2 and 64.'] }
    : undefined;
}

function toTest(orders: readonly Order[], isList: boolean, nowMs: number): Reply {
  const rest = { cost: 0, status: 0, extendStatus: 'queue', channel: 'FREE SIGN' };
  const dates = { dateCreate: seconds(nowMs), dateSend: seconds(nowMs) };
  const list = orders.map(({ from, text, to }) => ({
    ...{ id: 1, from, number: to, text, ...rest, ...dates },
  }));
  return success(isList ? list : list[0]);
}

/** New failures and those of the old API stand side by side, as they do there. */
function toRefusal(refusal: Refusal, code: string | undefined): Reply {
  if (code !== undefined) return json(200, { result: 'reject', reason: code });
  switch (refusal) {
    case 'no-money':
      return json(200, { result: 'no credits' });
    case 'bad-number':
      return json(200, { result: 'reject', reason: 'incorrect phone number' });
    case 'stop-list':
      return json(200, { result: 'reject', reason: 'in blacklist' });
    case 'throttled':
      return failure(429, 'Too Many Requests');
    case 'temporary':
      return failure(503, 'Service is temporarily unavailable.');
    case 'bad-sender':
      return failure(400, 'Validation error.', { sign: ['Sign is not approved.'] });
    case 'bad-text':
      return failure(400, 'Validation error.', { text: ['Text is not allowed.'] });
    case 'bad-login':
      return failure(401, 'Your request was made with invalid credentials.');
  }
}

function toData({
  acceptedMs,
  costMinor,
  from,
  providerId,
  sendAtMs,
  state,
  stateMs,
  text,
  to,
}: Message) {
  const status = statusCodes[state];
  return {
    ...{
      id: Number(providerId),
      from,
      number: to,
      text,
      status,
      extendStatus: statusWords[status],
    },
    ...{ channel: 'FREE SIGN', cost: units(costMinor), dateCreate: seconds(acceptedMs) },
    ...{ dateSend: seconds(sendAtMs ?? acceptedMs) },
    ...(state === 'delivered' ? { dateAnswer: seconds(stateMs) } : {}),
  };
}

/** An object with the keys 0, 1, 2, … and the links beside them. */
function toList({ centre }: Call, query: Query): Reply {
  const all = centre.ledger.messages.filter(({ provider }) => provider === 'sms-aero').reverse();
  const page = Math.max(1, Number(query.page ?? 1) || 1);
  const last = Math.max(1, Math.ceil(all.length / pageLength));
  const shown = all.slice((page - 1) * pageLength, page * pageLength).map(toData);
  const link = (number: number) => `/v2/sms/list?page=${number}`;
  const links = {
    ...{ self: link(page), first: link(1), last: link(last) },
    ...(page < last ? { next: link(page + 1) } : {}),
  };
  return success({ ...shown, links, totalCount: String(all.length) });
}

function toCallback({ message, state, stateMs }: Receipt, url: string): Post {
  const status = statusCodes[state];
  const fields = {
    ...{ id: message.providerId, number: message.to, status: String(status) },
    ...{ extendStatus: statusWords[status] ?? '', dateAnswer: String(seconds(stateMs)) },
  };
  if (message.extra?.callbackFormat !== 'JSON') return formPost(url, fields);
  return { url, body: JSON.stringify(fields), headers: { 'content-type': 'application/json' } };
}

function success(data: unknown): Reply {
  return json(200, { success: true, data, message: null });
}

function failure(status: number, message: string, data: unknown = null): Reply {
  return json(status, { success: false, data, message });
}

function seconds(atMs: number): number {
  return Math.floor(atMs / 1000);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
