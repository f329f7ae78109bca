import { createHmac } from 'node:crypto';
import { json, type Reply } from '#simulators/kit';
import {
  countParts,
  type Message,
  type Order,
  type Receipt,
  type Refusal,
  type Settings,
} from '#simulators/sms-provider/centre';
import { type Answer, balanceUnits, type Call, type Contract, type Post } from './contract.ts';
import { submit } from './submit.ts';

type Query = Readonly<Record<string, unknown>>;

/** Where the callback's signature stands: `sha256=` and the HMAC of the body, in hexadecimal, with the secret. */
export const signatureHeader = 'x-signature';

const errors: Readonly<Record<Refusal, readonly [status: number, code: string, message: string]>> =
  {
    throttled: [429, 'too_many_requests', 'Too many requests'],
    temporary: [503, 'unavailable', 'Try again later'],
    'no-money': [402, 'no_money', 'The balance is too low'],
    'bad-number': [400, 'bad_number', 'to is not a phone number'],
    'bad-sender': [400, 'bad_sender', 'from is not registered'],
    'bad-text': [400, 'bad_text', 'text is not allowed'],
    'stop-list': [403, 'stop_list', 'The recipient is on a stop list'],
    'bad-login': [401, 'unauthorized', 'The token is wrong'],
  };

/** A provider of the plain kind: JSON, a bearer token, a route for statuses, callbacks signed by HMAC. */
export const genericHttp: Contract = {
  provider: 'generic-http',
  dialect: {
    makeId: (number, epoch) => `m-${epoch.slice(0, 8)}-${number}`,
    told: ['sent', 'delivered', 'undelivered', 'expired', 'rejected', 'canceled'],
  },
  answer,
  receipts: {
    most: 1,
    toPost: ([receipt], url, settings) => sign(url, toStatus(receipt as Receipt), settings),
    isTaken: (status) => status >= 200 && status < 300,
  },
  incomingPost: ({ atMs, from, id, text, to }, url, settings) =>
    sign(url, { type: 'message', id, from, to, text, at: new Date(atMs).toISOString() }, settings),
};

function answer(call: Call): Answer {
  const { centre, method, path } = call;
  if (call.headers.authorization !== `Bearer ${centre.settingsOf('generic-http').password}`) {
    return toError('bad-login');
  }
  const [, id] = /^\/messages\/([\w-]{1,64})$/.exec(path) ?? [];
  if (path === '/balance')
    return json(200, { balance: balanceUnits(centre, 'generic-http').toFixed(2), currency: 'RUB' });
  if (path === '/messages' && method === 'POST') return answerSend(call);
  if (path === '/messages') {
    const reference = new URLSearchParams(call.query).get('reference');
    const found = centre.ledger.findByClientId('generic-http', reference ?? '');
    return json(200, { messages: found.slice(0, 100).map(toApi) });
  }
  const [message] = id === undefined ? [] : centre.ledger.find('generic-http', id);
  if (!message) return json(404, { error: { code: 'not_found', message: 'No such message' } });
  if (method !== 'DELETE') return json(200, toApi(message));
  const isCanceled = centre.ledger.cancel(message, centre.nowMs());
  return isCanceled
    ? json(200, toApi(message))
    : json(409, { error: { code: 'too_late', message: 'It has left' } });
}

function answerSend(call: Call): Answer {
  const { centre } = call;
  const {
    callback_url: callbackUrl,
    from,
    reference,
    send_at: sendAt,
    text,
    to,
    validity_seconds: validity,
  } = parse(call.body);
  const digits = typeof to === 'string' ? to.replace(/^\+/, '') : '';
  if (!/^\d{7,15}$/.test(digits)) return toError('bad-number');
  if (typeof text !== 'string' || text === '') return toError('bad-text');
  const sendAtMs = typeof sendAt === 'string' ? Date.parse(sendAt) : Number.NaN;
  const startMs = Math.max(centre.nowMs(), sendAtMs || 0);
  const order: Order = {
    ...{ provider: 'generic-http', to: digits, from: typeof from === 'string' ? from : '', text },
    parts: countParts(text),
    ...(typeof reference === 'string' ? { clientId: reference } : {}),
    ...(typeof callbackUrl === 'string' ? { callbackUrl } : {}),
    ...(typeof validity === 'number' ? { validUntilMs: startMs + validity * 1000 } : {}),
    ...(sendAtMs > centre.nowMs() ? { sendAtMs } : {}),
  };
  return submit({
    ...{ call, contract: genericHttp, orders: [order], isPartial: false },
    refuse: toError,
    answer: ([result]) => json(202, result && 'message' in result ? toApi(result.message) : {}),
  });
}

function toApi({ clientId, code, parts, providerId, state, stateMs, to }: Message) {
  const error = code === undefined ? {} : { error: code };
  return {
    id: providerId,
    reference: clientId ?? null,
    to,
    status: state,
    parts,
    at: new Date(stateMs).toISOString(),
    ...error,
  };
}

function toStatus({ code, message, state, stateMs }: Receipt) {
  const error = code === undefined ? {} : { error: code };
  return {
    ...{
      type: 'status',
      id: message.providerId,
      reference: message.clientId ?? null,
      to: message.to,
    },
    ...{ status: state, at: new Date(stateMs).toISOString(), ...error },
  };
}

function sign(url: string, value: object, { secret }: Settings): Post {
  const body = JSON.stringify(value);
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    url,
    body,
    headers: { 'content-type': 'application/json', [signatureHeader]: `sha256=${signature}` },
  };
}

function toError(refusal: Refusal, own?: string): Reply {
  const [status, code, message] = errors[refusal];
  const headers =
    refusal === 'throttled' || refusal === 'temporary' ? { 'retry-after': '1' } : undefined;
  return json(status, { error: { code: own ?? code, message } }, headers);
}

function parse(body: Buffer): Query {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Query) : {};
  } catch {
    return {};
  }
}
