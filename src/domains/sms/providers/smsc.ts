import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import type {
  CallbackReading,
  MobileOriginated,
  ProviderCallback,
  SmsOutcome,
  StatusReport,
} from '#sms/provider';
import {
  type Answer,
  at,
  entryOf,
  happenedAt,
  isList,
  type Json,
  textAt,
  unixTime,
} from './answer.ts';
import {
  type AccountOf,
  type AskedMessage,
  type CancelResult,
  type HttpContract,
  type ProviderRequest,
  postForm,
} from './contract.ts';
import { byHttpStatus, byTable, notSent } from './faults.ts';
import { commonSettings, SecretText } from './settings.ts';
import { smscFaults, smscStates } from './smsc-faults.ts';
import { mayBeOurs, smscId } from './smsc-id.ts';
import { fieldsOf, forged, queryOf, sameText, unreadable } from './verify.ts';

export const SmscSettings = Type.Object(
  {
    ...commonSettings,
    login: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  },
  { additionalProperties: false },
);

export const SmscSecrets = Type.Object(
  {
    password: Type.Optional(SecretText),
    api_key: Type.Optional(SecretText),
    callback_secret: Type.Optional(SecretText),
  },
  { additionalProperties: false },
);

type SmscAccount = AccountOf<typeof SmscSettings, typeof SmscSecrets>;

const PREFIX = 'smsc';
const SEND = '/sys/send.php';
const STATUS = '/sys/status.php';
const BALANCE = '/sys/balance.php';
/** Their code for “the same again”. It also comes, with these words, when too many requests stand side by side. */
const DUPLICATE = '9';
const CROWDED = /concurrent/i;
/** Behind this a text is a note that is not sent. */
const NOTE_MARK = '~~~';
/** JSON; and UTF-8, or they would read windows-1251. */
const COMMON = { fmt: '3', charset: 'utf-8' } as const;

function credentials({ secrets, settings }: SmscAccount) {
  return secrets.api_key === undefined
    ? { login: settings.login, psw: secrets.password }
    : { apikey: secrets.api_key };
}

/** SMSC.ru, and smsc.kz and smscentre.com, which are the same. */
export const smsc: HttpContract<SmscAccount['settings'], SmscAccount['secrets']> = {
  check({ secrets, settings }) {
    if (secrets.api_key !== undefined) return [];
    const message = 'is needed, or an api_key among the secrets';
    return [
      ...(settings.login === undefined ? [{ field: 'settings.login', message }] : []),
      ...(secrets.password === undefined ? [{ field: 'secrets.password', message }] : []),
    ];
  },
  baseUrl: ({ settings }) => settings.base_url ?? 'https://smsc.ru',
  capabilities: ({ callbackUrl, secrets }) => ({
    receipts: callbackUrl && secrets.callback_secret ? 'push' : 'poll',
    ...{ inquiry: 'byOurId', status: true, cancel: true, validity: 'minute', balance: true },
    segmentsMax: 10,
  }),
  lettersMax: 1000,
  validityMax: 24 * 60,
  connectionsMax: 15,

  toRequest(order, account, validFor) {
    if (order.body.includes(NOTE_MARK)) return notSent('message', 'smsc_note_mark');
    return postForm(SEND, {
      ...credentials(account),
      // With its plus it is taken as it is; without, they correct it.
      phones: order.recipient,
      mes: order.body,
      sender: order.sender,
      id: smscId(order),
      valid: `${twoDigits(Math.floor(validFor / 60))}:${twoDigits(validFor % 60)}`,
      // 3: sends, and tells cost and balance. (1 would only tell the price.)
      ...{ cost: '3', translit: '0', ...COMMON },
    });
  },

  readAnswer(answer, order): SmsOutcome {
    const code = textAt(answer.json, 'error_code');
    if (code !== undefined) return readFault(code, textAt(answer.json, 'error') ?? '');
    const id = textAt(answer.json, 'id');
    if (answer.status !== 200 || id === undefined) return byHttpStatus(answer);
    const parts = Number(textAt(answer.json, 'cnt'));
    const cost = textAt(answer.json, 'cost');
    return {
      ...{ outcome: 'accepted', providerMessageIds: [id === '0' ? smscId(order) : id] },
      ...(parts > 0 ? { segments: parts } : {}),
      ...(cost === undefined ? {} : { cost, currency: 'RUB' }),
    };
  },

  status: {
    batch: 100,
    idsOf: (question) => [question.providerMessageIds[0] ?? smscId(question)],
    toRequest: toStatusRequest,
    readStatus,
  },
  cancel: cancelMessage,
  balance: {
    toRequest: (account) => postForm(BALANCE, { ...credentials(account), cur: '1', ...COMMON }),
    readBalance({ json }) {
      const amount = textAt(json, 'balance');
      if (amount === undefined) return undefined;
      const currency = textAt(json, 'currency')?.replace('RUR', 'RUB');
      return { amount, ...(currency === undefined ? {} : { currency }) };
    },
  },
  readCallback,
};

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function readFault(code: string, words: string): SmsOutcome {
  if (code === DUPLICATE && CROWDED.test(words)) return notSent('throttled', 'smsc_crowded');
  return byTable(smscFaults, code, PREFIX) ?? { outcome: 'unknown', reason: `smsc_${code}` };
}

/** Ids and numbers stand in pairs; the comma behind the last has one alone answered as a list too. */
function toStatusRequest(
  asked: readonly AskedMessage[],
  account: SmscAccount,
  more: Readonly<Record<string, string>> = {},
): ProviderRequest {
  return postForm(STATUS, {
    ...credentials(account),
    phone: `${asked.map(({ question }) => question.recipient).join(',')},`,
    id: `${asked.map(({ id }) => id).join(',')},`,
    ...{ all: '1', ...COMMON, ...more },
  });
}

function readStatus(answer: Answer, asked: readonly AskedMessage[]): readonly StatusReport[] {
  const rows = isList(answer.json) ? answer.json : [answer.json];
  return rows.flatMap((row, place) => {
    const state = entryOf(smscStates, textAt(row, 'status'));
    // A row names itself; where it does not, it stands at the place of its question.
    const message =
      asked.find((one) => isRowOf(row, one)) ?? (textAt(row, 'id') ? undefined : asked[place]);
    if (state === undefined || !message) return [];
    const { id, question } = message;
    const sentAt = unixTime(textAt(row, 'send_timestamp'));
    const ours = state === 'not_found' || mayBeOurs(question.sms, sentAt);
    if (!ours)
      return [{ providerMessageId: id, state: 'not_found' as const, reason: 'smsc_other' }];
    return [{ providerMessageId: id, state, ...whyAndWhen(row) }];
  });
}

function isRowOf(row: Json | undefined, { id, question }: AskedMessage): boolean {
  const phone = textAt(row, 'phone')?.replace('+', '');
  return textAt(row, 'id') === id && (phone === undefined || `+${phone}` === question.recipient);
}

function whyAndWhen(row: Json | undefined): Pick<StatusReport, 'at' | 'reason'> {
  const err = textAt(row, 'err') ?? '0';
  const when = unixTime(textAt(row, 'last_timestamp') ?? textAt(row, 'ts'));
  return { ...happenedAt(when), ...(err === '0' ? {} : { reason: `smsc_err_${err}` }) };
}

/**
 * Only what still waits with them is deleted: what the operator has would stay on its way while they forget it, and with
 * it what became of it.
 */
async function cancelMessage(
  asked: AskedMessage,
  account: SmscAccount,
  call: (request: ProviderRequest) => Promise<Answer | undefined>,
): Promise<CancelResult> {
  const before = await call(toStatusRequest([asked], account));
  const [report] = before ? readStatus(before, [asked]) : [];
  if (!report || report.state === 'not_found') return 'unknown';
  if (report.state === 'cancelled') return 'cancelled';
  if (report.state !== 'accepted') return 'too_late';
  const answer = await call(toStatusRequest([asked], account, { del: '1' }));
  if (textAt(answer?.json, 'error_code') === '5') return 'too_late';
  return textAt(answer?.json, 'result') === 'OK' ? 'cancelled' : 'unknown';
}

/**
 * A status: id, phone, status, ts, err; an incoming message: phone, mes, to. Signed by md5 or sha1 of its fields and the
 * secret of the account's callback settings: https://smsc.ru/api/http/miscellaneous/callback/
 */
function readCallback(callback: ProviderCallback, account: SmscAccount): CallbackReading {
  const query = Object.fromEntries(queryOf(callback));
  const fields = { ...query, ...(fieldsOf(callback) as Readonly<Record<string, Json>>) };
  const incoming = at(fields, 'mes') !== undefined && at(fields, 'status') === undefined;
  const signed = incoming ? ['phone', 'mes', 'to'] : ['id', 'phone', 'status'];
  verify(fields, signed, account.secrets.callback_secret);
  const reply = { status: 200, contentType: 'text/plain', body: 'OK' };
  if (incoming) return { reports: [], incoming: [readIncoming(fields)], reply };
  const id = textAt(fields, 'id');
  const state = entryOf(smscStates, textAt(fields, 'status'));
  if (id === undefined) throw unreadable('it names no message');
  const reports = state ? [{ providerMessageId: id, state, ...whyAndWhen(fields) }] : [];
  return { reports, incoming: [], reply };
}

function verify(fields: Json, signed: readonly string[], secret: string | undefined): void {
  const words = signed.map((name) => textAt(fields, name) ?? '').join(':');
  const given = (['md5', 'sha1'] as const).flatMap((algorithm) => {
    const text = textAt(fields, algorithm);
    return text === undefined ? [] : [{ algorithm, text: text.toLowerCase() }];
  });
  const genuine =
    secret !== undefined &&
    given.length > 0 &&
    given.every(({ algorithm, text }) =>
      sameText(text, createHash(algorithm).update(`${words}:${secret}`).digest('hex')),
    );
  if (!genuine) throw forged('SMSC.ru');
}

function readIncoming(fields: Json): MobileOriginated {
  const [from = '', to = '', text = ''] = ['phone', 'to', 'mes'].map((name) =>
    textAt(fields, name),
  );
  if (from === '') throw unreadable('it names no sender');
  const id =
    textAt(fields, 'id') ??
    textAt(fields, 'sms_id') ??
    createHash('sha256')
      .update(JSON.stringify([from, to, text, textAt(fields, 'ts')]))
      .digest('hex');
  return { id, from: `+${from.replace('+', '')}`, to, text };
}
