import { Type } from 'typebox';
import type { CallbackReading, ProviderCallback, SmsOutcome, StatusReport } from '#sms/provider';
import { type Answer, entryOf, happenedAt, type Json, textAt } from './answer.ts';
import {
  type AccountOf,
  type AskedMessage,
  basicAuth,
  type HttpContract,
  type ProviderRequest,
  postForm,
} from './contract.ts';
import { byHttpStatus, byTable, notSent, retryAfterMs } from './faults.ts';
import { commonSettings, SecretText } from './settings.ts';
import { TWILIO_EXPIRED, twilioFaults, twilioStates } from './twilio-faults.ts';
import { isSignedByTwilio } from './twilio-signature.ts';
import { forged, formOf, queryOf, unreadable } from './verify.ts';

export const TwilioSettings = Type.Object(
  {
    ...commonSettings,
    account_sid: Type.String({ pattern: '^AC[0-9a-fA-F]{32}$' }),
    messaging_service_sid: Type.Optional(
      Type.String({
        ...{ pattern: '^MG[0-9a-fA-F]{32}$' },
        description:
          'A service that chooses the sender; without it the sender of the message is used.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const TwilioSecrets = Type.Object(
  { auth_token: SecretText },
  { additionalProperties: false },
);

type TwilioAccount = AccountOf<typeof TwilioSettings, typeof TwilioSecrets>;

const PREFIX = 'twilio';
/** In seconds. */
const VALIDITY_MAX = 36_000;

function pathOf({ settings }: TwilioAccount, resource: string): string {
  return `/2010-04-01/Accounts/${settings.account_sid}/${resource}.json`;
}

function authorised({ secrets, settings }: TwilioAccount) {
  return basicAuth(settings.account_sid, secrets.auth_token);
}

function get(account: TwilioAccount, resource: string): ProviderRequest {
  return { method: 'GET', path: pathOf(account, resource), headers: authorised(account) };
}

/** Twilio's Messages. */
export const twilio: HttpContract<TwilioAccount['settings'], TwilioAccount['secrets']> = {
  baseUrl: ({ settings }) => settings.base_url ?? 'https://api.twilio.com',
  capabilities: ({ callbackUrl }) => ({
    receipts: callbackUrl ? 'push' : 'poll',
    // It cancels what it was told to send later; we send nothing but at once.
    ...{ inquiry: 'none', status: true, cancel: false, validity: 'second', balance: true },
    segmentsMax: 10,
  }),
  lettersMax: 1600,
  validityMax: VALIDITY_MAX,

  toRequest(order, account, validFor) {
    const { callbackUrl, settings } = account;
    const service = settings.messaging_service_sid;
    return postForm(
      pathOf(account, 'Messages'),
      {
        ...{ To: order.recipient, Body: order.body, ValidityPeriod: String(validFor) },
        ...(service === undefined ? { From: order.sender } : { MessagingServiceSid: service }),
        // Our id comes back with each status, also with that of a message of which we never got the answer.
        StatusCallback: callbackUrl && withOurId(callbackUrl, order.sms),
      },
      authorised(account),
    );
  },

  readAnswer(answer): SmsOutcome {
    const { json, status } = answer;
    const sid = textAt(json, 'sid');
    if (status === 201 && sid !== undefined) {
      const segments = Number(textAt(json, 'num_segments'));
      const cost = textAt(json, 'price');
      const currency = textAt(json, 'price_unit');
      return {
        ...{ outcome: 'accepted', providerMessageIds: [sid] },
        ...(segments > 0 ? { segments } : {}),
        ...(cost === undefined ? {} : { cost: cost.replace('-', '') }),
        ...(cost === undefined || currency === undefined ? {} : { currency }),
      };
    }
    const code = textAt(json, 'code');
    if (code === undefined || status < 400 || (status >= 500 && status !== 503)) {
      return byHttpStatus(answer);
    }
    const known = byTable(twilioFaults, code, PREFIX);
    if (known?.outcome !== 'not_sent') return withCode(byHttpStatus(answer), code);
    const waitMs = retryAfterMs(answer);
    return waitMs === undefined ? known : { ...known, retryAfterMs: waitMs };
  },

  status: {
    batch: 1,
    toRequest: ([asked], account) =>
      get(account, `Messages/${encodeURIComponent(asked?.id ?? '')}`),
    readStatus,
  },
  balance: {
    toRequest: (account) => get(account, 'Balance'),
    readBalance({ json }) {
      const amount = textAt(json, 'balance');
      const currency = textAt(json, 'currency');
      if (amount === undefined) return undefined;
      return { amount, ...(currency === undefined ? {} : { currency }) };
    },
  },
  readCallback,
};

function withOurId(callbackUrl: string, sms: string): string {
  const url = new URL(callbackUrl);
  url.searchParams.set('sms', sms);
  return url.href;
}

function withCode(outcome: SmsOutcome, code: string): SmsOutcome {
  if (outcome.outcome !== 'not_sent') return outcome;
  return notSent(outcome.fault, `${PREFIX}_${code}`, outcome.retryAfterMs);
}

function readStatus(answer: Answer, [asked]: readonly AskedMessage[]): readonly StatusReport[] {
  if (!asked) return [];
  const { json, status } = answer;
  const id = asked.id;
  if (status === 404 && textAt(json, 'code') === '20404') {
    return [{ providerMessageId: id, state: 'not_found' }];
  }
  if (status !== 200 || textAt(json, 'sid') !== id) return [];
  const when = happenedAt(new Date(textAt(json, 'date_updated') ?? ''));
  return toReports(id, textAt(json, 'status'), textAt(json, 'error_code')).map((one) => ({
    ...one,
    ...when,
  }));
}

function toReports(id: string, word = '', code?: string): readonly StatusReport[] {
  const state = entryOf(twilioStates, word);
  if (!state) return [];
  const expired = code === TWILIO_EXPIRED;
  return [
    {
      ...{ providerMessageId: id, state: expired ? 'expired' : state },
      ...(code === undefined ? {} : { reason: `${PREFIX}_${code}` }),
    },
  ];
}

const NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>';

function readCallback(callback: ProviderCallback, { secrets }: TwilioAccount): CallbackReading {
  if (!isSignedByTwilio(callback, secrets.auth_token)) throw forged('Twilio');
  const query = queryOf(callback);
  const fields: Json = Object.fromEntries(callback.method === 'GET' ? query : formOf(callback));
  const id = textAt(fields, 'MessageSid') ?? textAt(fields, 'SmsSid');
  if (id === undefined) throw unreadable('it names no message');
  // An answer to an incoming message would be sent to the customer: we have none.
  const reply = { status: 200, contentType: 'text/xml', body: NOTHING_TO_SAY };
  const word = textAt(fields, 'MessageStatus') ?? textAt(fields, 'SmsStatus');
  if (word === 'received' || word === 'receiving' || (word === undefined && 'Body' in fields)) {
    const [from = '', to = '', text = ''] = ['From', 'To', 'Body'].map((name) =>
      textAt(fields, name),
    );
    return { reports: [], incoming: [{ id, from, to, text }], reply };
  }
  const sms = query.get('sms');
  const reports = toReports(id, word, textAt(fields, 'ErrorCode')).map((report) => ({
    ...report,
    ...happenedAt(dlrDate(textAt(fields, 'RawDlrDoneDate'))),
    ...(sms === null ? {} : { sms }),
  }));
  return { reports, incoming: [], reply };
}

/** YYMMDDhhmm. */
function dlrDate(text: string | undefined): Date | undefined {
  const [, year, month, day, hour, minute] =
    /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(text ?? '') ?? [];
  if (year === undefined) return undefined;
  return new Date(`20${year}-${month}-${day}T${hour}:${minute}:00Z`);
}
