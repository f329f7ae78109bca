import { createHash } from 'node:crypto';
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
  isObject,
  type Json,
  textAt,
  unixTime,
} from './answer.ts';
import {
  type AccountOf,
  type AskedMessage,
  digitsOf,
  type HttpContract,
  postForm,
} from './contract.ts';
import { byHttpStatus, byTable, notSent } from './faults.ts';
import { commonSettings, SecretText } from './settings.ts';
import { smsRuFaults, smsRuStates } from './sms-ru-faults.ts';
import { forged, formOf, sameText } from './verify.ts';

export const SmsRuSettings = Type.Object(
  {
    ...commonSettings,
    test: Type.Optional(Type.Boolean({ description: 'Sends nothing and answers as if it had.' })),
    partner_id: Type.Optional(Type.String({ pattern: '^\\d{1,12}$' })),
  },
  { additionalProperties: false },
);

export const SmsRuSecrets = Type.Object({ api_id: SecretText }, { additionalProperties: false });

type SmsRuAccount = AccountOf<typeof SmsRuSettings, typeof SmsRuSecrets>;

const PREFIX = 'smsru';
const DONE = '100';
/** Codes of a refusal that a status may have too. */
const REFUSED = /^2\d\d$/;

/** sms.ru. */
export const smsRu: HttpContract<SmsRuAccount['settings'], SmsRuAccount['secrets']> = {
  baseUrl: ({ settings }) => settings.base_url ?? 'https://sms.ru',
  capabilities: ({ callbackUrl }) => ({
    receipts: callbackUrl ? 'push' : 'poll',
    ...{ inquiry: 'none', status: true, cancel: false, validity: 'minute', balance: true },
    segmentsMax: 8,
  }),
  lettersMax: 8 * 153,
  validityMax: 24 * 60,

  toRequest: (order, { secrets, settings }, validFor) =>
    postForm('/sms/send', {
      ...{ api_id: secrets.api_id, json: '1', to: digitsOf(order.recipient), msg: order.body },
      ...{ from: order.sender || undefined, ttl: String(validFor) },
      ...{ test: settings.test ? '1' : undefined, partner_id: settings.partner_id },
    }),

  readAnswer(answer): SmsOutcome {
    const { json } = answer;
    const code = textAt(json, 'status_code');
    if (answer.status !== 200 || code === undefined) return byHttpStatus(answer);
    if (code !== DONE) return refuse(code);
    // An envelope that is well says nothing of the number in it.
    const [entry] = Object.values((at(json, 'sms') ?? {}) as Readonly<Record<string, Json>>);
    const own = textAt(entry, 'status_code');
    if (own === undefined) return { outcome: 'unknown', reason: 'unreadable' };
    if (own !== DONE) return refuse(own);
    const id = textAt(entry, 'sms_id');
    const cost = textAt(entry, 'cost');
    return {
      ...{ outcome: 'accepted', providerMessageIds: id === undefined ? [] : [id] },
      ...(cost === undefined ? {} : { cost, currency: 'RUB' }),
    };
  },

  status: {
    batch: 100,
    toRequest: (asked, { secrets }) =>
      postForm('/sms/status', {
        ...{ api_id: secrets.api_id, json: '1', sms_id: asked.map(({ id }) => id).join(',') },
      }),
    readStatus,
  },
  balance: {
    toRequest: ({ secrets }) => postForm('/my/balance', { api_id: secrets.api_id, json: '1' }),
    readBalance({ json }) {
      const amount = textAt(json, 'balance');
      return amount === undefined ? undefined : { amount, currency: 'RUB' };
    },
  },
  readCallback,
};

function refuse(code: string): SmsOutcome {
  return byTable(smsRuFaults, code, PREFIX) ?? notSent('message', `${PREFIX}_${code}`);
}

function stateOf(code: string): ReportedState | undefined {
  return entryOf(smsRuStates, code) ?? (REFUSED.test(code) ? 'rejected' : undefined);
}

function toReports(id: string, code: string, when?: Date): readonly StatusReport[] {
  const state = stateOf(code);
  if (!state) return [];
  const well = ['accepted', 'sent', 'delivered', 'not_found'].includes(state);
  return [
    {
      ...{ providerMessageId: id, state, ...happenedAt(when) },
      ...(well ? {} : { reason: `${PREFIX}_${code}` }),
    },
  ];
}

function readStatus({ json }: Answer, asked: readonly AskedMessage[]): readonly StatusReport[] {
  if (textAt(json, 'status_code') !== DONE || !isObject(at(json, 'sms'))) return [];
  return asked.flatMap(({ id }) => toReports(id, textAt(json, 'sms', id, 'status_code') ?? ''));
}

const ENTRY = /^data(\[\d*\])?$/;

/**
 * Each entry is some lines: `sms_status`, id, status, time. All of them together are signed by our api_id, in the order in
 * which they stand. Anything but `100` has them sent again, for days. https://sms.ru/api/cb
 */
function readCallback(callback: ProviderCallback, { secrets }: SmsRuAccount): CallbackReading {
  const form = formOf(callback);
  const entries = [...form].filter(([name]) => ENTRY.test(name)).map(([, entry]) => entry);
  const reply = { status: 200, contentType: 'text/plain', body: '100' };
  // Their test of a new address: there is nothing in it that could be forged.
  if (entries.length === 0) return { reports: [], incoming: [], reply };
  const hash = createHash('sha256')
    .update(secrets.api_id + entries.join(''))
    .digest('hex');
  if (!sameText((form.get('hash') ?? '').toLowerCase(), hash)) throw forged('sms.ru');
  const reports = entries.flatMap((entry) => {
    const [kind, id, code, time] = entry.split(/\r?\n/);
    if (kind !== 'sms_status' || !id || !code) return [];
    return toReports(id, code, unixTime(time));
  });
  return { reports, incoming: [], reply };
}
