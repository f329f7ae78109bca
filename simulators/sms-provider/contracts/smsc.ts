import { createHash } from 'node:crypto';
import { json, type Reply } from '#simulators/kit';
import type { Receipt, Settings } from '#simulators/sms-provider/centre';
import {
  type Answer,
  balanceUnits,
  type Call,
  type Contract,
  formPost,
  plainText,
  units,
} from './contract.ts';
import { parsePairs, toRecord } from './form.ts';
import { RepeatGuard } from './repeat-guard.ts';
import { formatSmsc } from './smsc-format.ts';
import { readOrders } from './smsc-send.ts';
import { answerStatus } from './smsc-status.ts';
import {
  errorsWithId,
  moscowDate,
  networkError,
  refusalCodes,
  sendErrors,
  statusCodes,
} from './smsc-words.ts';
import { type Result, submit } from './submit.ts';

type Query = Readonly<Record<string, string>>;

const defaultCharset = 'windows-1251';
const guards = new WeakMap<Call['centre'], RepeatGuard>();

/**
 * SMSC.ru: https://smsc.ru/api/http/ (smsc.kz and smscentre.com speak the same). The push of statuses and incoming
 * messages is checked against https://smsc.ru/api/http/miscellaneous/callback/ as C0deWiser/laravel-smscenter-mailer
 * reads it: md5 of `id:phone:status:secret`, and of `phone:mes:to:secret`. That sha1 is made alike is not confirmed.
 */
export const smsc: Contract = {
  provider: 'smsc',
  dialect: {
    makeId: (number) => String(1_000 + number),
    told: ['delivered', 'undelivered', 'expired', 'rejected', 'canceled'],
  },
  answer,
  receipts: {
    most: 1,
    toPost: ([receipt], url, settings) => formPost(url, toCallback(receipt as Receipt, settings)),
    isTaken: (status) => status === 200,
  },
  incomingPost: ({ atMs, from, id, text, to }, url, { secret }) =>
    formPost(url, {
      ...{ sms_id: id, phone: from, mes: text, to, time: moscowDate(atMs) },
      ...{ ts: String(Math.floor(atMs / 1000)), ...hashes(`${from}:${text}:${to}:${secret}`) },
    }),
};

function answer(call: Call): Answer {
  const query = readQuery(call);
  const path = call.path.replace(/^\/(?:sys|rest)\//, '').replace(/\.php$|\/$/, '');
  const { login, password } = call.centre.settingsOf('smsc');
  const isKnown =
    query.apikey === undefined
      ? query.login === login && query.psw === password
      : query.apikey === password;
  if (!isKnown) return toError(query, 2);
  switch (path) {
    case 'send':
      return answerSend(call, query);
    case 'status':
      return answerStatus(call.centre, query, guardOf(call));
    case 'balance': {
      const balance = String(balanceUnits(call.centre, 'smsc'));
      return query.fmt === '3'
        ? json(200, { balance, ...(query.cur === '1' ? { currency: 'RUB' } : {}) })
        : plainText(balance);
    }
    default:
      return plainText('Not found', 404);
  }
}

/** Bytes that are not UTF-8 unless `charset` says so: the default is windows-1251. */
function readQuery({ body, headers, path, query }: Call): Query {
  if (path.startsWith('/rest/')) {
    const value: unknown = parse(body.toString('utf8'));
    const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return { fmt: '3', ...Object.fromEntries(fields.map(([name, one]) => [name, String(one)])) };
  }
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const raw = [query, isForm ? body.toString('latin1') : '']
    .filter((part) => part !== '')
    .join('&');
  const charset = toRecord(parsePairs(raw)).charset ?? defaultCharset;
  const known = ['utf-8', 'koi8-r', defaultCharset].includes(charset) ? charset : defaultCharset;
  return toRecord(parsePairs(raw, known));
}

function answerSend(call: Call, query: Query): Answer {
  const { centre } = call;
  const guard = guardOf(call);
  const cost = query.cost ?? '0';
  const limit = cost === '1' ? guard.priceLimit : guard.sendLimit;
  if (guard.isRepeated(`send ${JSON.stringify(query)}`, limit)) return toError(query, 9);
  const orders = readOrders(query, centre.nowMs());
  if (typeof orders === 'number') return toError(query, orders);
  const parts = orders.reduce((sum, order) => sum + order.parts, 0);
  const { priceMinor } = centre.settingsOf('smsc');
  const price = String(units(parts * priceMinor));
  if (cost === '1')
    return formatSmsc(
      query,
      { cost: price, cnt: parts },
      `${price} (${parts} SMS)`,
      `${price},${parts}`,
    );
  return submit({
    ...{ call, contract: withOneId(), orders, isPartial: false },
    refuse: (refusal, code) => toError(query, Number(code ?? refusalCodes[refusal])),
    answer: (results) =>
      toAccepted(query, results, { parts, price, balance: String(balanceUnits(centre, 'smsc')) }),
  });
}

/** Several numbers of one call have one id. */
function withOneId(): Contract {
  let id: string | undefined;
  const makeId = (number: number, epoch: string) => {
    id ??= smsc.dialect.makeId(number, epoch);
    return id;
  };
  return { ...smsc, dialect: { ...smsc.dialect, makeId } };
}

function toAccepted(
  query: Query,
  results: readonly Result[],
  sums: { readonly parts: number; readonly price: string; readonly balance: string },
): Reply {
  const [first] = results;
  const id = first && 'message' in first ? Number(first.message.providerId) : 0;
  const { balance, parts, price } = sums;
  const cost = query.cost ?? '0';
  const phones = results.map(({ order }) => ({ phone: order.to, mccmnc: '25001' }));
  const value = {
    ...{ id, cnt: parts },
    ...(cost === '2' || cost === '3' ? { cost: price } : {}),
    ...(cost === '3' ? { balance } : {}),
    ...(query.op === '1' ? { phones } : {}),
  };
  const csv = [id, parts, ...(cost >= '2' ? [price] : []), ...(cost === '3' ? [balance] : [])].join(
    ',',
  );
  const costs = `${cost >= '2' ? `, COST - ${price}` : ''}${cost === '3' ? `, BALANCE - ${balance}` : ''}`;
  return formatSmsc(query, value, `OK - ${parts} SMS, ID - ${id}${costs}`, csv);
}

function toError(query: Query, code: number): Reply {
  const error = sendErrors[code] ?? 'unknown error';
  const id = errorsWithId.has(code) ? Number(query.id ?? 0) : 0;
  const value = { error, error_code: code, ...(id > 0 ? { id } : {}) };
  return formatSmsc(
    query,
    value,
    `ERROR = ${code} (${error})${id > 0 ? `, ID - ${id}` : ''}`,
    `${id},-${code}`,
  );
}

function toCallback({ code, message, state, stateMs }: Receipt, { secret }: Settings) {
  const { parts, providerId, to } = message;
  const status = String(statusCodes[state]);
  return {
    ...{
      id: providerId,
      phone: to,
      status,
      time: moscowDate(stateMs),
      ts: String(Math.floor(stateMs / 1000)),
    },
    ...{
      err: String(networkError(state, code)),
      cnt: String(parts),
      type: '0',
      flag: '1',
      mccmnc: '25001',
    },
    ...hashes(`${providerId}:${to}:${status}:${secret}`),
  };
}

function hashes(text: string): { readonly md5: string; readonly sha1: string } {
  const hash = (name: string) => createHash(name).update(text).digest('hex');
  return { md5: hash('md5'), sha1: hash('sha1') };
}

function guardOf({ centre }: Call): RepeatGuard {
  const guard = guards.get(centre) ?? new RepeatGuard(centre);
  guards.set(centre, guard);
  return guard;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
