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
  listAt,
  textAt,
} from './answer.ts';
import {
  type AccountOf,
  type AskedMessage,
  digitsOf,
  type HttpContract,
  postJson,
} from './contract.ts';
import { byHttpStatus, byPattern, type FaultPattern } from './faults.ts';
import { commonSettings, SecretText } from './settings.ts';
import { fieldsOf, forged, queryOf, sameText, unreadable } from './verify.ts';

export const ExolveSettings = Type.Object(
  {
    ...commonSettings,
    template_resource_id: Type.Optional(
      Type.String({
        pattern: '^\\d{1,19}$',
        description: 'A template that the operators approved.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const ExolveSecrets = Type.Object(
  { api_key: SecretText, callback_key: Type.Optional(SecretText) },
  { additionalProperties: false },
);

type ExolveAccount = AccountOf<typeof ExolveSettings, typeof ExolveSecrets>;

const PREFIX = 'exolve';

/** Its errors have words only, which name the field of the request. */
export const exolveFaults: readonly FaultPattern[] = [
  {
    ...{ code: 'destination', fault: 'recipient', sentence: 'The number can not be one.' },
    pattern: /destination/i,
  },
  {
    ...{ code: 'number', fault: 'account', sentence: 'The sender is not ours.' },
    pattern: /SendRequest\.Number|number does not exist|alpha ?name|sender/i,
  },
  {
    ...{ code: 'funds', fault: 'account', sentence: 'There is no money on the account.' },
    pattern: /funds|balance|money/i,
  },
  {
    ...{ code: 'template', fault: 'message', sentence: 'The text does not fit its template.' },
    pattern: /template/i,
  },
  { ...{ code: 'text', fault: 'message', sentence: 'The text is refused.' }, pattern: /text/i },
];

/** `delivery_status`, by number or by name; the name may have its prefix. */
export const exolveStates: Readonly<Record<string, ReportedState>> = {
  ...{ 1: 'accepted', QUEUED: 'accepted', 2: 'sent', TRANSMITTED: 'sent' },
  ...{ 3: 'delivered', DELIVERED: 'delivered', 4: 'undelivered', FAILED: 'undelivered' },
  ...{ 5: 'undelivered', RETRIES_EXCEEDED: 'undelivered', 6: 'rejected', PROHIBITED: 'rejected' },
};
const UNDERFUNDED = new Set(['5', 'STATUS_UNDERFUNDED', 'UNDERFUNDED']);

function authorised({ secrets }: ExolveAccount) {
  return { authorization: `Bearer ${secrets.api_key}` };
}

/** MTS Exolve. */
export const exolve: HttpContract<ExolveAccount['settings'], ExolveAccount['secrets']> = {
  baseUrl: ({ settings }) => settings.base_url ?? 'https://api.exolve.ru',
  capabilities: ({ callbackUrl, secrets }) => ({
    receipts: callbackUrl && secrets.callback_key ? 'push' : 'poll',
    ...{ inquiry: 'none', status: true, cancel: false, validity: 'none', balance: false },
    segmentsMax: 10,
  }),
  lettersMax: 1530,

  toRequest: (order, account) =>
    postJson(
      '/messaging/v1/SendSMS',
      {
        ...{ number: senderOf(order.sender), destination: digitsOf(order.recipient) },
        text: order.body,
        ...(account.settings.template_resource_id === undefined
          ? {}
          : { template_resource_id: account.settings.template_resource_id }),
      },
      authorised(account),
    ),

  readAnswer(answer): SmsOutcome {
    const { json, status } = answer;
    const id = textAt(json, 'message_id');
    if (status === 200 && id !== undefined) {
      return { outcome: 'accepted', providerMessageIds: [id] };
    }
    const words = textAt(json, 'error', 'message') ?? textAt(json, 'message');
    const judgeable = words !== undefined && status >= 400 && status < 500 && status !== 429;
    return (
      (judgeable && status !== 401 ? byPattern(exolveFaults, words, PREFIX) : undefined) ??
      byHttpStatus(answer)
    );
  },

  status: {
    batch: 1,
    toRequest: ([asked], account) =>
      // As text, which their JSON takes for an int64 and a double can't hold.
      postJson('/messaging/v1/GetList', { message_id: asked?.id, limit: 1 }, authorised(account)),
    readStatus,
  },
  readCallback,
};

/** A number without its plus, or a name. */
function senderOf(sender: string): string {
  return /^\+\d+$/.test(sender) ? sender.slice(1) : sender;
}

function readStatus(answer: Answer, [asked]: readonly AskedMessage[]): readonly StatusReport[] {
  if (!asked || answer.status !== 200 || !isObject(answer.json)) return [];
  const messages = listAt(answer.json, 'messages');
  const found = messages.find((message) => textAt(message, 'message_id') === asked.id);
  if (found) return toReports(asked.id, found);
  // A list with another message in it is no answer to the question.
  return messages.length > 0 ? [] : [{ providerMessageId: asked.id, state: 'not_found' }];
}

function toReports(id: string, message: Json): readonly StatusReport[] {
  const word = (textAt(message, 'delivery_status') ?? '').replace(/^DELIVERY_STATUS_/, '');
  const told = entryOf(exolveStates, word);
  const final = told !== undefined && told !== 'accepted' && told !== 'sent';
  const unpaid = !final && UNDERFUNDED.has(textAt(message, 'status') ?? '');
  const state = unpaid ? 'rejected' : told;
  if (!state) return [];
  const failed = state === 'undelivered' || state === 'rejected';
  const reason = `${PREFIX}_${unpaid ? 'underfunded' : word.toLowerCase()}`;
  return [{ providerMessageId: id, state, ...(failed ? { reason } : {}) }];
}

/**
 * Whose words they are. By its word, where the direction is one; otherwise by our own number, which stands at the end that is
 * ours; the numbers of the directions are known from one source only (1: incoming).
 */
function isIncoming(fields: Json): boolean {
  const direction = (textAt(fields, 'direction') ?? '').replace(/^DIRECTION_/, '');
  if (direction === 'INCOMING' || direction === 'OUTGOING') return direction === 'INCOMING';
  const [own, from, to] = ['number', 'sender', 'receiver'].map((name) => textAt(fields, name));
  if (own !== undefined && (own === from) !== (own === to)) return own === to;
  return direction === '1';
}

/** They sign nothing: the URL in the settings of the application carries `?key=…`, which nobody else knows. */
function readCallback(callback: ProviderCallback, { secrets }: ExolveAccount): CallbackReading {
  const key = secrets.callback_key;
  if (key === undefined || !sameText(queryOf(callback).get('key') ?? '', key)) {
    throw forged('MTS Exolve');
  }
  const fields = fieldsOf(callback);
  const id = textAt(fields, 'message_id');
  if (id === undefined) throw unreadable('it names no message');
  const reply = { status: 200, contentType: 'application/json', body: '{}' };
  if (!isIncoming(fields)) {
    const at = happenedAt(timeOf(fields));
    return {
      reports: toReports(id, fields).map((one) => ({ ...one, ...at })),
      incoming: [],
      reply,
    };
  }
  const [from = '', to = ''] = ['sender', 'receiver'].map((name) => textAt(fields, name));
  if (!/^\+?\d{5,15}$/.test(from)) throw unreadable('it names no sender');
  const text = textAt(fields, 'text') ?? '';
  return { reports: [], incoming: [{ id, from: `+${from.replace('+', '')}`, to, text }], reply };
}

function timeOf(fields: Json): Date | undefined {
  const date = at(fields, 'date');
  return typeof date === 'string' && /^\d{4}-\d\d-\d\dT/.test(date) ? new Date(date) : undefined;
}
