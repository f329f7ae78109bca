import type { SmsOrder, SmsOutcome, SmsQuestion, StatusReport } from '#sms/provider';
import { type Answer, entryOf, happenedAt } from './answer.ts';
import {
  type Account,
  type AskedMessage,
  type CancelResult,
  digitsOf,
  type HttpContract,
  type ProviderRequest,
} from './contract.ts';
import { byHttpStatus, notSent, retryAfterMs } from './faults.ts';
import { readGenericCallback } from './generic-callback.ts';
import { checkGeneric } from './generic-check.ts';
import { atPath, codeOf, readPath, reasonOf, timeOf } from './generic-paths.ts';
import type { GenericSecrets, GenericSettings } from './generic-settings.ts';
import { fillForm, fillJson, fillText, type Values } from './template.ts';

export type GenericAccount = Account<GenericSettings, GenericSecrets>;

const PREFIX = 'generic';
const LETTERS_MAX = 20_000;
const SEGMENTS_MAX = 10;
/** A pattern is looked for in so much of an answer: it is somebody else's text under our regular expression. */
const SEARCHED_LETTERS = 4000;
const CONTENT_TYPES = {
  json: 'application/json; charset=utf-8',
  form: 'application/x-www-form-urlencoded; charset=utf-8',
} as const;

/** Any provider whose contract can be told as data. */
export const genericHttp: HttpContract<GenericSettings, GenericSecrets> = {
  check: checkGeneric,
  baseUrl: ({ settings }) => settings.base_url,
  capabilities: ({ callbackUrl, secrets, settings }) => {
    const { callback, cancel, balance, status, validity } = settings;
    const pushed = callback && callbackUrl && secrets.callback_secret;
    return {
      receipts: pushed ? 'push' : status ? 'poll' : 'none',
      inquiry: status?.by === 'our_id' ? 'byOurId' : 'none',
      ...{ status: status !== undefined, cancel: cancel !== undefined },
      ...{ validity: validity?.unit ?? 'none', balance: balance !== undefined },
      segmentsMax: settings.segments_max ?? SEGMENTS_MAX,
    };
  },
  lettersMax: LETTERS_MAX,

  toRequest(order, account, validFor) {
    const { settings } = account;
    if (order.body.length > (settings.letters_max ?? LETTERS_MAX)) {
      return notSent('message', 'text_too_long');
    }
    return toRequest(settings.send, valuesOfOrder(order, account, validFor));
  },

  readAnswer,

  status: {
    batch: 1,
    idsOf: (question, { settings }) =>
      settings.status?.by === 'our_id' ? [attemptId(question)] : question.providerMessageIds,
    toRequest: ([asked], account) =>
      toRequest(account.settings.status ?? { path: '/' }, valuesOfQuestion(asked, account)),
    readStatus,
  },

  async cancel(asked, account, call): Promise<CancelResult> {
    const { cancel } = account.settings;
    if (!cancel) return 'unknown';
    const answer = await call(toRequest(cancel, valuesOfQuestion(asked, account)));
    if (!answer) return 'unknown';
    if (fits(answer, cancel.cancelled)) return 'cancelled';
    return cancel.too_late && fits(answer, cancel.too_late) ? 'too_late' : 'unknown';
  },

  balance: {
    toRequest: (account) =>
      toRequest(account.settings.balance ?? { path: '/' }, secretsOf(account)),
    readBalance(answer, { settings }) {
      const amount = readPath(answer.json, settings.balance?.amount_path);
      const currency = readPath(answer.json, settings.balance?.currency_path);
      if (amount === undefined) return undefined;
      return { amount, ...(currency === undefined ? {} : { currency }) };
    },
  },

  readCallback: readGenericCallback,
};

/** Our id of one attempt: what was asked about once is never confused with what was sent again. */
function attemptId({ attempt, sms }: Pick<SmsQuestion, 'attempt' | 'sms'>): string {
  return `${sms}-${attempt}`;
}

function secretsOf({ secrets }: GenericAccount): Values {
  const named = Object.entries(secrets.values ?? {});
  return Object.fromEntries(named.map(([name, value]) => [`secret:${name}`, value]));
}

function valuesOfOrder(order: SmsOrder, account: GenericAccount, validFor: number): Values {
  const { callbackUrl, settings } = account;
  const valid = Math.min(validFor, settings.validity?.max ?? validFor);
  return {
    ...secretsOf(account),
    ...{ recipient: order.recipient, recipient_digits: digitsOf(order.recipient) },
    ...{ sender: order.sender, text: order.body, sms: order.sms, attempt: order.attempt },
    ...{ our_id: attemptId(order), priority: order.priority, callback_url: callbackUrl },
    ...(settings.validity ? { valid, valid_until: order.validUntil.toISOString() } : {}),
  };
}

function valuesOfQuestion(asked: AskedMessage | undefined, account: GenericAccount): Values {
  if (!asked) return {};
  const { id, question } = asked;
  return {
    ...secretsOf(account),
    ...{ id, our_id: attemptId(question), sms: question.sms, attempt: question.attempt },
    ...{ recipient: question.recipient, recipient_digits: digitsOf(question.recipient) },
    provider_id: question.providerMessageIds[0],
  };
}

type RequestSettings = Pick<
  GenericSettings['send'],
  'path' | 'method' | 'headers' | 'format' | 'body'
>;

function toRequest(settings: RequestSettings, values: Values): ProviderRequest {
  const { body, headers = {} } = settings;
  const format = settings.format ?? (body === undefined ? 'none' : 'json');
  const filled = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    fillText(value, values),
  ]);
  return {
    method: settings.method ?? (body === undefined ? 'GET' : 'POST'),
    path: fillText(settings.path, values, encodeURIComponent),
    headers: {
      ...(format === 'none' ? {} : { 'content-type': CONTENT_TYPES[format] }),
      ...(Object.fromEntries(filled) as Record<string, string>),
    },
    ...(format === 'json' ? { body: JSON.stringify(fillJson(body, values)) } : {}),
    ...(format === 'form' ? { body: fillForm(body, values) } : {}),
  };
}

interface When {
  readonly status?: number;
  readonly pattern?: string;
}

/** Both must hold where both are told; where neither is, any success does. */
function fits(answer: Answer, when: When): boolean {
  const { pattern, status } = when;
  if (status === undefined && pattern === undefined) {
    return answer.status >= 200 && answer.status < 300;
  }
  if (status !== undefined && status !== answer.status) return false;
  return (
    pattern === undefined || new RegExp(pattern, 'i').test(answer.body.slice(0, SEARCHED_LETTERS))
  );
}

function readAnswer(answer: Answer, _order: SmsOrder, { settings }: GenericAccount): SmsOutcome {
  const { send } = settings;
  const { json } = answer;
  if (fits(answer, send.accepted)) {
    const id = readPath(json, send.id_path);
    if (send.id_path !== undefined && id === undefined) {
      return { outcome: 'unknown', reason: 'unreadable' };
    }
    const segments = Number(readPath(json, send.segments_path));
    const cost = readPath(json, send.cost_path);
    const { currency } = send;
    return {
      ...{ outcome: 'accepted', providerMessageIds: id === undefined ? [] : [id] },
      ...(segments > 0 ? { segments } : {}),
      ...(cost === undefined ? {} : { cost }),
      ...(cost === undefined || currency === undefined ? {} : { currency }),
    };
  }
  const code = codeOf(readPath(json, send.code_path));
  const found = send.faults?.find((one) => fits(answer, one));
  if (!found) return byHttpStatus(answer);
  const reason = `${PREFIX}_${found.code ?? code ?? answer.status}`;
  return found.fault === 'unknown'
    ? { outcome: 'unknown', reason }
    : notSent(found.fault, reason, retryAfterMs(answer));
}

function readStatus(
  answer: Answer,
  [asked]: readonly AskedMessage[],
  { settings }: GenericAccount,
): readonly StatusReport[] {
  const { states = {}, status } = settings;
  if (!asked || !status) return [];
  const told = asked.question.providerMessageIds[0] ?? asked.id;
  const { sms } = asked.question;
  const gone = [{ providerMessageId: told, state: 'not_found' as const, sms }];
  if (answer.status === status.not_found_status) return gone;
  if (answer.status !== 200 || answer.json === undefined) return [];
  const message = atPath(answer.json, status.message_path);
  if (message === undefined) return status.empty_is_not_found ? gone : [];
  const state = entryOf(states, readPath(message, status.state_path));
  if (!state) return [];
  return [
    {
      ...{ providerMessageId: readPath(message, status.id_path) ?? told, state },
      // Named here as well: the provider's id may be one that we hear for the first time.
      sms,
      ...happenedAt(timeOf(readPath(message, status.time_path))),
      ...reasonOf(readPath(message, status.reason_path)),
    },
  ];
}
