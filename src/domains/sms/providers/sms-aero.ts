import { Type } from 'typebox';
import type {
  CallbackReading,
  ProviderCallback,
  ReportedState,
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
  basicAuth,
  digitsOf,
  type HttpContract,
  postJson,
} from './contract.ts';
import { byHttpStatus, byPattern, type FaultPattern, notSent } from './faults.ts';
import { commonSettings, SecretText } from './settings.ts';
import { fieldsOf, forged, openSeal, sealedUrl, unreadable } from './verify.ts';

export const SmsAeroSettings = Type.Object(
  {
    ...commonSettings,
    email: Type.String({
      ...{ minLength: 3, maxLength: 100, pattern: '^[^:\\s]+@[^:\\s]+$' },
      description: 'The login of the account.',
    }),
    test: Type.Optional(
      Type.Boolean({ description: 'Uses the test twins of the calls: nothing leaves.' }),
    ),
  },
  { additionalProperties: false },
);

export const SmsAeroSecrets = Type.Object({ api_key: SecretText }, { additionalProperties: false });

type AeroAccount = AccountOf<typeof SmsAeroSettings, typeof SmsAeroSecrets>;

const PREFIX = 'aero';

/** There are no codes: the words of `message` and, of the older form, of `reason`. */
export const smsAeroFaults: readonly FaultPattern[] = [
  {
    ...{ code: 'limit', fault: 'throttled', sentence: 'Too many requests.' },
    pattern: /too many|rate limit|limit exceeded|лимит/i,
  },
  {
    ...{ code: 'no_credits', fault: 'account', sentence: 'There is no money on the account.' },
    pattern: /no credits|not enough|insufficient|недостаточно/i,
  },
  {
    ...{ code: 'auth', fault: 'account', sentence: 'Login or key is wrong, or access is closed.' },
    pattern: /auth|api.?key|access denied|авториз|доступ/i,
  },
  {
    ...{ code: 'blacklist', fault: 'recipient', sentence: 'The number is on the stop list.' },
    pattern: /black.?list|stop.?list|ч[её]рн/i,
  },
  {
    ...{ code: 'number', fault: 'recipient', sentence: 'The number can not be one.' },
    pattern: /phone|number|номер/i,
  },
  {
    ...{ code: 'sign', fault: 'account', sentence: 'The sender is not approved.' },
    pattern: /\bsign|sender|подпис/i,
  },
  {
    ...{ code: 'text', fault: 'message', sentence: 'The text is refused.' },
    pattern: /text|message|текст|сообщени/i,
  },
  {
    ...{ code: 'date', fault: 'message', sentence: 'The date is written wrongly.' },
    pattern: /date|дата/i,
  },
];

/** `status` of a message. */
export const smsAeroStates: Readonly<Record<string, ReportedState>> = {
  0: 'accepted',
  1: 'delivered',
  2: 'undelivered',
  3: 'sent',
  4: 'accepted',
  6: 'rejected',
  8: 'accepted',
};

function authorised({ secrets, settings }: AeroAccount) {
  return basicAuth(settings.email, secrets.api_key);
}

/** SMS Aero, version 2 of its API. */
export const smsAero: HttpContract<AeroAccount['settings'], AeroAccount['secrets']> = {
  // One gate only: the official client goes on to a second after a timeout, and sends twice.
  baseUrl: ({ settings }) => settings.base_url ?? 'https://gate.smsaero.ru/v2',
  capabilities: ({ callbackUrl }) => ({
    receipts: callbackUrl ? 'push' : 'poll',
    ...{ inquiry: 'none', status: true, cancel: false, validity: 'none', balance: true },
    // 640 letters; ten parts of Cyrillic would be 670.
    segmentsMax: 9,
  }),
  lettersMax: 640,

  toRequest(order, account) {
    const { callbackUrl, secrets, settings } = account;
    if (order.body.length < 2) return notSent('message', 'aero_text');
    return postJson(
      settings.test ? '/sms/testsend' : '/sms/send',
      {
        ...{ number: digitsOf(order.recipient), text: order.body, sign: order.sender },
        ...(callbackUrl === undefined
          ? {}
          : {
              callbackUrl: sealedUrl(callbackUrl, order.sms, secrets.api_key),
              callbackFormat: 'JSON',
            }),
      },
      authorised(account),
    );
  },

  readAnswer(answer): SmsOutcome {
    const { json, status } = answer;
    if (at(json, 'success') === true) {
      const data = messageOf(json);
      const id = textAt(data, 'id');
      if (id === undefined) return { outcome: 'unknown', reason: 'unreadable' };
      const cost = textAt(data, 'cost');
      return {
        ...{ outcome: 'accepted', providerMessageIds: [id] },
        ...(cost === undefined ? {} : { cost, currency: 'RUB' }),
      };
    }
    // What somebody in between says in a 5xx is no word of theirs on this message.
    if (status >= 500 || status === 401 || status === 429) return byHttpStatus(answer);
    return readRefusal(json) ?? byHttpStatus(answer);
  },

  status: {
    batch: 1,
    toRequest: ([asked], account) =>
      postJson(
        account.settings.test ? '/sms/teststatus' : '/sms/status',
        { id: asked?.id },
        authorised(account),
      ),
    readStatus,
  },
  balance: {
    toRequest: (account) => postJson('/balance', {}, authorised(account)),
    readBalance({ json }) {
      const amount = textAt(json, 'data', 'balance');
      return amount === undefined ? undefined : { amount, currency: 'RUB' };
    },
  },
  readCallback,
};

/** For a list of numbers a list, and we send one. */
function messageOf(json: Json | undefined): Json | undefined {
  const data = at(json, 'data');
  return isList(data) ? data[0] : data;
}

function readRefusal(json: Json | undefined): SmsOutcome | undefined {
  const result = textAt(json, 'result');
  const refused = at(json, 'success') === false || result === 'reject' || result === 'no credits';
  if (!refused) return undefined;
  // The faults of fields stand in `data` by the names of the fields.
  const data = at(json, 'data');
  const fields = typeof data === 'object' && data !== null ? Object.keys(data).join(' ') : '';
  const words = [textAt(json, 'reason'), result, fields, textAt(json, 'message')].join(' ');
  return byPattern(smsAeroFaults, words, PREFIX) ?? notSent('message', 'aero_refused');
}

const GONE = /not found|не найден/i;

function readStatus(answer: Answer, [asked]: readonly AskedMessage[]): readonly StatusReport[] {
  if (!asked) return [];
  if (at(answer.json, 'success') === true) return toReports(asked.id, messageOf(answer.json));
  const gone =
    at(answer.json, 'success') === false && GONE.test(textAt(answer.json, 'message') ?? '');
  return gone ? [{ providerMessageId: asked.id, state: 'not_found' }] : [];
}

function toReports(id: string, data: Json | undefined): readonly StatusReport[] {
  const status = textAt(data, 'status') ?? '';
  const state = entryOf(smsAeroStates, status);
  if (!state) return [];
  const failed = state === 'undelivered' || state === 'rejected';
  return [
    {
      ...{ providerMessageId: id, state, ...happenedAt(unixTime(textAt(data, 'dateAnswer'))) },
      ...(failed ? { reason: `aero_status_${status}` } : {}),
    },
  ];
}

/** They sign nothing: the URL that we gave with the message is what can't be guessed. */
function readCallback(callback: ProviderCallback, { secrets }: AeroAccount): CallbackReading {
  const sms = openSeal(callback, secrets.api_key);
  if (sms === undefined) throw forged('SMS Aero');
  const fields = fieldsOf(callback);
  const data = at(fields, 'data') ?? fields;
  const id = textAt(data, 'id');
  if (id === undefined) throw unreadable('it names no message');
  return {
    reports: toReports(id, data).map((report) => ({ ...report, sms })),
    incoming: [],
    reply: { status: 200, contentType: 'text/plain', body: 'OK' },
  };
}
