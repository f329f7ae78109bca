import { createHash, createHmac } from 'node:crypto';
import { json, type Reply } from '#simulators/kit';
import {
  countParts,
  type Incoming,
  type Message,
  type Order,
  type Receipt,
  type Settings,
} from '#simulators/sms-provider/centre';
import { type Answer, balanceUnits, type Call, type Contract, type Post } from './contract.ts';
import { parsePairs, toRecord } from './form.ts';
import { submit } from './submit.ts';
import { errorCode, errors, refusalCodes, statusOf, toResource } from './twilio-resource.ts';

type Query = Readonly<Record<string, string>>;

const validityMaxSeconds = 36_000;
const bodyMaxLength = 1_600;
const pageMax = 1_000;

/** Twilio's Messages: twilio/twilio-oai (2026-04-14) and the signature of twilio-node's webhooks.ts. */
export const twilio: Contract = {
  provider: 'twilio',
  dialect: {
    makeId: (number, epoch) => `SM${createHash('md5').update(`${epoch}:${number}`).digest('hex')}`,
    told: ['sent', 'delivered', 'undelivered', 'expired', 'rejected'],
  },
  answer,
  receipts: {
    most: 1,
    toPost: ([receipt], url, settings) =>
      sign(url, toCallback(receipt as Receipt, settings), settings),
    isTaken: (status) => status >= 200 && status < 300,
  },
  incomingPost: (incoming, url, settings) => sign(url, toInbound(incoming, settings), settings),
};

function answer(call: Call): Answer {
  const { centre, method, path } = call;
  const { login, password } = centre.settingsOf('twilio');
  const expected = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  if (call.headers.authorization !== expected) return failure(401, 20003);
  const isBalance = path === `/2010-04-01/Accounts/${login}/Balance.json`;
  if (isBalance) {
    const balance = balanceUnits(centre, 'twilio').toFixed(2);
    return json(200, { account_sid: login, balance, currency: 'USD' });
  }
  const [, account, sid] =
    /^\/2010-04-01\/Accounts\/(AC\w{32})\/Messages(?:\/((?:SM|MM)\w{32}))?\.json$/.exec(path) ?? [];
  if (account !== login) return failure(404, 20404);
  if (sid === undefined && method === 'POST') return answerCreate(call, readForm(call));
  if (sid === undefined) return toList(call);
  const [message] = centre.ledger.find('twilio', sid);
  if (!message) return failure(404, 20404);
  if (method === 'POST') return change(call, message, readForm(call));
  if (method === 'DELETE') return { status: 204, type: 'application/json', body: '' };
  return json(200, toResource(message, login));
}

function readForm({ body }: Call): Query {
  return toRecord(parsePairs(body.toString('latin1')));
}

function answerCreate(call: Call, form: Query): Answer {
  const { centre } = call;
  const wrong = validate(form);
  if (wrong !== undefined) return failure(400, wrong);
  const {
    Body: text = '',
    From: from,
    MessagingServiceSid: service,
    SendAt: sendAt,
    StatusCallback: callbackUrl,
  } = form;
  const nowMs = centre.nowMs();
  const sendAtMs = form.ScheduleType === 'fixed' ? Date.parse(sendAt ?? '') : undefined;
  const startMs = Math.max(nowMs, sendAtMs ?? nowMs);
  const order: Order = {
    ...{ provider: 'twilio', to: (form.To ?? '').slice(1), from: from ?? '+15005550006', text },
    ...{
      parts: countParts(text),
      validUntilMs: startMs + Number(form.ValidityPeriod ?? validityMaxSeconds) * 1000,
    },
    ...(sendAtMs === undefined ? {} : { sendAtMs }),
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(service === undefined ? {} : { extra: { service } }),
  };
  return submit({
    ...{ call, contract: twilio, orders: [order], isPartial: false },
    refuse: (refusal, code) => {
      const [status, standard] = refusalCodes[refusal];
      return failure(status, Number(code ?? standard));
    },
    answer: ([result]) => {
      const { login } = centre.settingsOf('twilio');
      // As it was accepted, whatever has become of it since.
      return json(
        201,
        result && 'message' in result ? toResource(result.message, login, true) : {},
      );
    },
  });
}

function validate(form: Query): number | undefined {
  const {
    Body: text = '',
    From: from,
    MessagingServiceSid: service,
    ScheduleType: schedule,
    StatusCallback: url,
  } = form;
  if (!form.To) return 21604;
  if (!/^\+[1-9]\d{6,14}$/.test(form.To)) return 21211;
  if (!from && !service) return 21603;
  if (text === '' && !form.MediaUrl && !form.ContentSid) return 21602;
  if (text.length > bodyMaxLength) return 21617;
  if (url !== undefined && !/^https?:\/\/[^_/]+(?:\/|$)/.test(url)) return 21609;
  const validity = Number(form.ValidityPeriod ?? validityMaxSeconds);
  if (!(validity >= 1 && validity <= validityMaxSeconds)) return 21623;
  if (schedule === undefined && form.SendAt === undefined) return undefined;
  if (!service) return 35118;
  return schedule !== 'fixed' || Number.isNaN(Date.parse(form.SendAt ?? '')) ? 35114 : undefined;
}

/** `Status=canceled` while it is scheduled; an empty `Body` redacts, which changes nothing that is looked at here. */
function change({ centre }: Call, message: Message, form: Query): Reply {
  const { login } = centre.settingsOf('twilio');
  if (form.Status === undefined)
    return json(200, { ...toResource(message, login), ...(form.Body === '' ? { body: '' } : {}) });
  if (form.Status !== 'canceled' || message.state !== 'scheduled') return failure(400, 30409);
  centre.ledger.cancel(message, centre.nowMs());
  return json(200, toResource(message, login));
}

function toList({ centre, query }: Call): Reply {
  const { login } = centre.settingsOf('twilio');
  const asked = toRecord(parsePairs(query));
  const size = Math.min(pageMax, Math.max(1, Number(asked.PageSize ?? 50) || 50));
  const page = Math.max(0, Number(asked.Page ?? 0) || 0);
  const all = centre.ledger.messages.filter(
    ({ from, provider, to }) =>
      provider === 'twilio' &&
      (asked.To === undefined || asked.To === `+${to}`) &&
      (asked.From === undefined || asked.From === from),
  );
  const shown = all.toReversed().slice(page * size, (page + 1) * size);
  const path = `/2010-04-01/Accounts/${login}/Messages.json`;
  const next = all.length > (page + 1) * size ? `${path}?PageSize=${size}&Page=${page + 1}` : null;
  return json(200, {
    ...{ messages: shown.map((message) => toResource(message, login)), page, page_size: size },
    ...{ next_page_uri: next, uri: `${path}?PageSize=${size}&Page=${page}` },
  });
}

function toCallback({ code, message, state }: Receipt, { login }: Settings): Query {
  const { from, providerId, to } = message;
  const status = statusOf(state, message);
  const error = errorCode(state, code);
  return {
    ...{ AccountSid: login, ApiVersion: '2010-04-01', From: from, To: `+${to}` },
    ...{ MessageSid: providerId, MessageStatus: status, SmsSid: providerId, SmsStatus: status },
    ...(error === null ? {} : { ErrorCode: String(error) }),
    ...(message.extra?.service === undefined ? {} : { MessagingServiceSid: message.extra.service }),
  };
}

function toInbound({ from, id, text, to }: Incoming, { login }: Settings): Query {
  const sid = `SM${createHash('md5').update(id).digest('hex')}`;
  return {
    ...{
      AccountSid: login,
      ApiVersion: '2010-04-01',
      MessageSid: sid,
      SmsMessageSid: sid,
      SmsSid: sid,
    },
    ...{
      SmsStatus: 'received',
      From: `+${from}`,
      To: /^\d{7,}$/.test(to) ? `+${to}` : to,
      Body: text,
    },
    ...{ NumMedia: '0', NumSegments: String(countParts(text)) },
  };
}

/** X-Twilio-Signature: HMAC-SHA1 of the address and of all members by name, with the account's token. */
function sign(url: string, fields: Query, { password }: Settings): Post {
  const text = Object.keys(fields)
    .sort()
    .reduce((all, name) => all + name + (fields[name] ?? ''), url);
  const signature = createHmac('sha1', password).update(text, 'utf8').digest('base64');
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': signature,
  };
  return { url, body: new URLSearchParams(fields).toString(), headers };
}

function failure(status: number, code: number): Reply {
  const message = errors[code] ?? 'The request failed';
  const more = `https://www.twilio.com/docs/errors/${code}`;
  const headers = status === 429 ? { 'retry-after': '1' } : undefined;
  return json(status, { code, message, more_info: more, status }, headers);
}
