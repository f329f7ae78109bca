import { json, type Reply } from '#simulators/kit';
import {
  countParts,
  type Incoming,
  type Message,
  type Order,
  type Receipt,
  type Refusal,
  type State,
} from '#simulators/sms-provider/centre';
import type { Answer, Call, Contract, Post } from './contract.ts';
import { submit } from './submit.ts';

type Query = Readonly<Record<string, unknown>>;

const firstId = 439_166_538_239_448_536n;
const limitMax = 2_000;
const standardLimit = 100;
const application = '1d0a5e0c-6a4f-4d6c-9a3b-000000000001';

/**
 * Queued, transmitted, delivered, failed, retries exceeded, prohibited. That these are numbers is seen in clients of
 * GetList, which print them with %d; which number means what is in no source found, so an adapter keeps them in a table.
 */
const deliveryStatuses: Readonly<Record<State, number>> = {
  ...{ scheduled: 1, accepted: 1, sent: 2, delivered: 3 },
  ...{ undelivered: 4, expired: 5, rejected: 6, canceled: 6 },
};
const directions = { incoming: 1, outgoing: 2 } as const;

/** MTS Exolve: https://docs.exolve.ru/docs/ru/api-reference/sms-api/ and Go clients of GetList and GetCount. */
export const exolve: Contract = {
  provider: 'exolve',
  dialect: {
    makeId: (number) => String(firstId + BigInt(number)),
    told: ['sent', 'delivered', 'undelivered', 'expired', 'rejected'],
  },
  answer,
  receipts: {
    most: 1,
    toPost: ([receipt], url) => toPost(url, toWebhook(receipt as Receipt)),
    isTaken: (status) => status >= 200 && status < 300,
  },
  incomingPost: (incoming, url) => toPost(url, toIncoming(incoming)),
};

function answer(call: Call): Answer {
  const { centre, path } = call;
  if (call.headers.authorization !== `Bearer ${centre.settingsOf('exolve').password}`) {
    return failure(401, 'unauthorized');
  }
  if (call.method !== 'POST') return failure(405, 'method not allowed');
  const query = parse(call.body.toString('utf8'));
  if (query === undefined) return failure(400, 'invalid request body');
  switch (path) {
    case '/messaging/v1/SendSMS':
      return answerSend(call, query);
    case '/messaging/v1/GetList':
      return toList(call, query);
    case '/messaging/v1/GetCount':
      return json(200, { count: String(select(call, query).length) });
    default:
      return failure(404, 'Not Found');
  }
}

function answerSend(call: Call, query: Query): Answer {
  const { destination, number, template_resource_id: template, text } = query;
  if (typeof number !== 'string' || number === '')
    return failure(400, 'invalid SendRequest.Number: value is required');
  if (typeof destination !== 'string' || !/^7\d{10}$/.test(destination)) {
    return failure(
      400,
      'invalid SendRequest.Destination: value does not match regex pattern "^7[0-9]{10}$"',
    );
  }
  if (typeof text !== 'string' || text === '')
    return failure(400, 'invalid SendRequest.Text: value is required');
  const order: Order = {
    ...{ provider: 'exolve', to: destination, from: number, text, parts: countParts(text) },
  };
  return submit({
    ...{ call, contract: exolve, orders: [order], isPartial: false },
    refuse: toRefusal,
    answer: ([result]) => {
      const id = result && 'message' in result ? result.message.providerId : '';
      return json(200, {
        message_id: id,
        ...(template === undefined ? {} : { template_resource_id: template }),
      });
    },
  });
}

function toRefusal(refusal: Refusal, code: string | undefined): Reply {
  if (code !== undefined) return failure(400, code);
  switch (refusal) {
    case 'throttled':
      return failure(429, 'too many requests');
    case 'temporary':
      return failure(503, 'service unavailable');
    case 'no-money':
      return failure(402, 'Insufficient funds');
    case 'bad-number':
      return failure(
        400,
        'invalid SendRequest.Destination: value does not match regex pattern "^7[0-9]{10}$"',
      );
    case 'bad-sender':
      return failure(404, 'Number does not exist');
    case 'bad-text':
      return failure(400, 'text does not match the template');
    case 'stop-list':
      return failure(403, 'destination is in the stop list');
    case 'bad-login':
      return failure(401, 'unauthorized');
  }
}

function select({ centre }: Call, query: Query): readonly Message[] {
  const id = query.message_id === undefined ? undefined : String(query.message_id);
  const from = Date.parse(String(query.date_gte ?? ''));
  const until = Date.parse(String(query.date_lte ?? ''));
  const statuses = Array.isArray(query.delivery_status) ? query.delivery_status : undefined;
  const all =
    id === undefined || id === ''
      ? centre.ledger.messages.filter(({ provider }) => provider === 'exolve')
      : centre.ledger.find('exolve', id);
  return all.filter(
    ({ acceptedMs, from: number, state }) =>
      !(acceptedMs < from) &&
      !(acceptedMs > until) &&
      (query.number === undefined || query.number === number) &&
      (statuses === undefined || statuses.includes(deliveryStatuses[state])),
  );
}

function toList(call: Call, query: Query): Reply {
  const limit = Number(query.limit ?? standardLimit);
  const offset = Number(query.offset ?? 0);
  if (!(limit >= 1 && limit <= limitMax))
    return failure(400, `invalid GetListRequest.Limit: value must be in [1, ${limitMax}]`);
  const shown = select(call, query).slice(offset, offset + limit);
  return { ...json(200, {}), body: `{"messages":[${shown.map(toRow).join(',')}]}` };
}

/** The id as a number beyond 2^53, as int64 is documented here: whoever reads it as a double reads another one. */
function toRow(message: Message): string {
  const { acceptedMs, from, parts, providerId, state, text, to } = message;
  const rest = {
    ...{ application_uuid: application, date: new Date(acceptedMs).toISOString(), number: from },
    ...{ sender: from, receiver: to, text, direction: directions.outgoing, segments_count: parts },
    ...{
      billing_status: 1,
      delivery_status: deliveryStatuses[state],
      channel: 1,
      status: deliveryStatuses[state],
    },
  };
  return `{"message_id":${providerId},${JSON.stringify(rest).slice(1)}`;
}

/** The webhook's members are those of GetList, its id a text: not confirmed by a source. */
function toWebhook({ message, state, stateMs }: Receipt) {
  const { from, parts, providerId, text, to } = message;
  return {
    ...{
      event_id: `${providerId}-${deliveryStatuses[state]}`,
      message_id: providerId,
      application_uuid: application,
    },
    ...{ date: new Date(stateMs).toISOString(), number: from, sender: from, receiver: to, text },
    ...{
      direction: directions.outgoing,
      segments_count: parts,
      delivery_status: deliveryStatuses[state],
    },
  };
}

function toIncoming({ atMs, from, id, text, to }: Incoming) {
  return {
    ...{
      event_id: id,
      message_id: id,
      application_uuid: application,
      date: new Date(atMs).toISOString(),
    },
    ...{ number: to, sender: from, receiver: to, text, direction: directions.incoming },
    segments_count: countParts(text),
  };
}

function toPost(url: string, value: object): Post {
  return { url, body: JSON.stringify(value), headers: { 'content-type': 'application/json' } };
}

function failure(status: number, message: string): Reply {
  return json(status, { error: { message } });
}

/** Ids in a request may be numbers beyond 2^53 as well. */
function parse(text: string): Query | undefined {
  try {
    const value: unknown = JSON.parse(text.replaceAll(/("message_id"\s*:\s*)(\d+)/g, '$1"$2"'));
    return typeof value === 'object' && value !== null ? (value as Query) : undefined;
  } catch {
    return undefined;
  }
}
