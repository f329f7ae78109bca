import { createHash } from 'node:crypto';
import { json, type Reply } from '#simulators/kit';
import {
  countParts,
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
  plainText,
  units,
} from './contract.ts';
import { type Pairs, parsePairs, toRecord } from './form.ts';
import { answerList, isStopped } from './sms-ru-lists.ts';
import { texts } from './sms-ru-words.ts';
import { type Result, submit } from './submit.ts';

type Query = Readonly<Record<string, string>>;

const statusCodes: Readonly<Record<State, number>> = {
  ...{
    scheduled: 100,
    accepted: 100,
    sent: 102,
    delivered: 103,
    undelivered: 106,
    expired: 104,
    rejected: 108,
    canceled: 105,
  },
};
const refusalCodes: Readonly<Record<Refusal, number>> = {
  ...{ throttled: 220, temporary: 500, 'no-money': 201, 'bad-number': 207, 'bad-sender': 204 },
  ...{ 'bad-text': 216, 'stop-list': 215, 'bad-login': 200 },
};
const partsMax = 8;
const postNeededBeyond = 100;
const recipientsMax = 5_000;
const maxDelayMs = 60 * 24 * 3_600_000;

/** sms.ru: https://sms.ru/api/tele2.sms.ru/api/send and the callback handler of online.sms.ru (reference §2.3). */
export const smsRu: Contract = {
  provider: 'sms-ru',
  dialect: {
    makeId: (number) => `202640-${1_000_000 + number}`,
    told: ['sent', 'delivered', 'undelivered', 'expired', 'rejected'],
  },
  answer,
  receipts: {
    most: 100,
    toPost: (receipts, url, { password }) => {
      const entries = receipts.map(toEntry);
      const fields = Object.fromEntries(
        entries.map((entry, index) => [`data[${index + 1}]`, entry]),
      );
      const hash = createHash('sha256')
        .update(password + entries.join(''))
        .digest('hex');
      return formPost(url, { ...fields, hash });
    },
    // Any other answer and it comes again.
    isTaken: (_status, body) => body.trim() === '100',
  },
};

function answer(call: Call): Answer {
  const { centre, path } = call;
  const pairs = parsePairs(
    [call.query, call.body.toString('latin1')].filter((part) => part !== '').join('&'),
  );
  const query = toRecord(pairs);
  if (query.api_id !== centre.settingsOf('sms-ru').password) return envelope(query, 200);
  switch (path.replace(/^\/|\/$/g, '')) {
    case 'sms/send':
      return answerSend(call, pairs, query);
    case 'sms/status':
      return toStatuses(call, query);
    case 'sms/cost':
      return toCosts(call, pairs, query);
    case 'my/balance':
      return envelope(query, 100, { balance: balanceUnits(centre, 'sms-ru') });
    case 'auth/check':
      return envelope(query, 100);
    default: {
      const listed = answerList(centre, path, query);
      return listed ? envelope(query, listed.code, listed.members) : envelope(query, 211);
    }
  }
}

/** `to=7…,7…` with one `msg`, or `to[7…]=text` for each. */
function readRecipients(
  pairs: Pairs,
  query: Query,
): readonly (readonly [to: string, text: string])[] {
  const own = pairs.flatMap(([name, value]) => {
    const [, to] = /^(?:to|multi)\[([^\]]*)\]$/.exec(name) ?? [];
    return to === undefined ? [] : [[to, value] as const];
  });
  if (own.length > 0) return own;
  const numbers = (query.to ?? '').split(',').map((to) => to.trim());
  return numbers
    .filter((to) => to !== '')
    .map((to) => [to, query.msg ?? query.text ?? ''] as const);
}

function answerSend(call: Call, pairs: Pairs, query: Query): Answer {
  const { centre } = call;
  const recipients = readRecipients(pairs, query);
  const sendAtMs = Number(query.time ?? 0) * 1000;
  const wrong = validate(call, recipients);
  if (wrong !== undefined) return envelope(query, wrong);
  if (Number.isNaN(sendAtMs) || sendAtMs > centre.nowMs() + maxDelayMs) return envelope(query, 208);
  const startMs = Math.max(centre.nowMs(), sendAtMs);
  const good: Order[] = [];
  const refused = new Map<string, number>();
  for (const [number, text] of recipients) {
    const to = number.replace(/^\+/, '').replace(/^8(?=\d{10}$)/, '7');
    const code = judge(call, to, text);
    if (code !== undefined) refused.set(number, code);
    else
      good.push({
        ...{ provider: 'sms-ru', to, from: query.from || 'sms.ru', text, parts: countParts(text) },
        ...(sendAtMs > centre.nowMs() ? { sendAtMs } : {}),
        ...(query.ttl ? { validUntilMs: startMs + Number(query.ttl) * 60_000 } : {}),
        extra: { asked: number },
      });
  }
  if (query.test === '1') return toTest(call, query, good, refused);
  if (good.length === 0) return toAnswer(call, query, [], refused);
  return submit({
    ...{ call, contract: smsRu, orders: good, isPartial: true },
    refuse: (refusal, code) => envelope(query, Number(code ?? refusalCodes[refusal])),
    answer: (results) => toAnswer(call, query, results, refused),
  });
}

/** Answered alike, and nothing leaves. */
function toTest(
  call: Call,
  query: Query,
  orders: readonly Order[],
  refused: ReadonlyMap<string, number>,
): Reply {
  const members = new Map<string, object>();
  for (const { extra, to } of orders) {
    members.set(extra?.asked ?? to, { status: 'OK', status_code: 100, sms_id: '000000-000000' });
  }
  return toEnvelope(call, query, members, refused);
}

function validate({ method }: Call, recipients: readonly unknown[]): number | undefined {
  if (recipients.length === 0) return 202;
  if (recipients.length > recipientsMax) return 213;
  return method === 'GET' && recipients.length > postNeededBeyond ? 210 : undefined;
}

function judge({ centre }: Call, to: string, text: string): number | undefined {
  if (!/^\d{10,15}$/.test(to)) return 202;
  if (text === '') return 203;
  if (countParts(text) > partsMax) return 205;
  return isStopped(centre, to) ? 209 : undefined;
}

/** What is wrong with one recipient stands within an answer that is OK. */
function toAnswer(
  call: Call,
  query: Query,
  results: readonly Result[],
  refused: ReadonlyMap<string, number>,
): Reply {
  const members = new Map<string, object>();
  for (const result of results) {
    const asked = result.order.extra?.asked ?? result.order.to;
    members.set(
      asked,
      'message' in result
        ? { status: 'OK', status_code: 100, sms_id: result.message.providerId }
        : toError(Number(result.code ?? refusalCodes[result.refusal])),
    );
  }
  return toEnvelope(call, query, members, refused);
}

function toEnvelope(
  { centre }: Call,
  query: Query,
  members: Map<string, object>,
  refused: ReadonlyMap<string, number>,
): Reply {
  for (const [number, code] of refused) members.set(number, toError(code));
  const balance = balanceUnits(centre, 'sms-ru');
  if (query.json === '1')
    return envelope(query, 100, { sms: Object.fromEntries(members), balance });
  const lines = [...members.values()].map((one) =>
    'sms_id' in one
      ? String(one.sms_id)
      : String((one as { readonly status_code: number }).status_code),
  );
  return plainText(['100', ...lines, `balance=${balance}`].join('\n'));
}

function toStatuses({ centre }: Call, query: Query): Reply {
  const ids = (query.sms_id ?? '').split(',').filter((id) => id !== '');
  const sms = ids.map((id) => {
    const [message] = centre.ledger.find('sms-ru', id);
    const code = message ? statusOf(message.state, message.code) : -1;
    const cost = message ? { cost: units(message.costMinor).toFixed(2) } : {};
    return [
      id,
      {
        status: code === -1 ? 'ERROR' : 'OK',
        status_code: code,
        ...cost,
        status_text: texts[code] ?? '',
      },
    ];
  });
  if (query.json === '1')
    return envelope(query, 100, {
      sms: Object.fromEntries(sms),
      balance: balanceUnits(centre, 'sms-ru'),
    });
  return plainText(
    [
      '100',
      ...sms.map(([, one]) => String((one as { readonly status_code: number }).status_code)),
    ].join('\n'),
  );
}

function toCosts({ centre }: Call, pairs: Pairs, query: Query): Reply {
  const { priceMinor } = centre.settingsOf('sms-ru');
  const costs = readRecipients(pairs, query).map(([to, text]) => [to, countParts(text)] as const);
  const sms = costs.map(([to, parts]) => [
    to,
    { status: 'OK', status_code: 100, cost: units(parts * priceMinor).toFixed(2), sms: parts },
  ]);
  const parts = costs.reduce((sum, [, one]) => sum + one, 0);
  const total = units(parts * priceMinor);
  if (query.json !== '1') return plainText(`100\n${total}\n${parts}`);
  return envelope(query, 100, {
    sms: Object.fromEntries(sms),
    total_cost: total,
    total_sms: parts,
  });
}

function toEntry({ code, message, state, stateMs }: Receipt): string {
  return ['sms_status', message.providerId, statusOf(state, code), Math.floor(stateMs / 1000)].join(
    '\n',
  );
}

function statusOf(state: State, code: string | undefined): number {
  return code !== undefined && /^\d{3}$/.test(code) ? Number(code) : statusCodes[state];
}

function envelope(query: Query, code: number, members: object = {}): Reply {
  if (query.json !== '1')
    return plainText([code, ...Object.values(members).map(String)].join('\n'));
  const isOk = code === 100;
  const text = isOk ? {} : { status_text: texts[code] ?? '' };
  return json(200, { status: isOk ? 'OK' : 'ERROR', status_code: code, ...text, ...members });
}

function toError(code: number): object {
  return { status: 'ERROR', status_code: code, status_text: texts[code] ?? '' };
}
