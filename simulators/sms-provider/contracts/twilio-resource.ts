import type { Message, Refusal, State } from '#simulators/sms-provider/centre';
import { units } from './contract.ts';

/** https://www.twilio.com/docs/api/errors, in other words. */
export const errors: Readonly<Record<number, string>> = {
  20003: 'Authenticate',
  20404: 'The requested resource was not found',
  20429: 'Too Many Requests',
  20500: 'Internal server error',
  20503: 'Service unavailable',
  21211: "The 'To' number is not a valid phone number",
  21602: 'Message body is required',
  21603: "A 'From' phone number is required",
  21604: "A 'To' phone number is required",
  21606: "The 'From' phone number is not a valid, message-capable number of this account",
  21609: 'The StatusCallback URL is not valid',
  21610: 'Attempt to send to unsubscribed recipient',
  21611: "This 'From' number has exceeded the maximum number of queued messages",
  21617: 'The concatenated message body exceeds the 1600 character limit',
  21623: 'ValidityPeriod is out of range',
  30003: 'Unreachable destination handset',
  30007: 'Message filtered',
  30036: 'Validity period expired',
  30409: 'The message cannot be canceled any more',
  35114: 'SendAt is missing or not a time',
  35118: 'MessagingServiceSid is required to schedule a message',
};

export const refusalCodes: Readonly<Record<Refusal, readonly [status: number, code: number]>> = {
  throttled: [429, 20429],
  temporary: [503, 20503],
  'no-money': [403, 20003],
  'bad-number': [400, 21211],
  'bad-sender': [400, 21606],
  'bad-text': [400, 30007],
  'stop-list': [400, 21610],
  'bad-login': [401, 20003],
};

/** The state in Twilio's words; a message that goes through a service is first `accepted`, not `queued`. */
export function statusOf(state: State, { extra }: Pick<Message, 'extra'>): string {
  if (state === 'accepted') return extra?.service === undefined ? 'queued' : 'accepted';
  return state === 'expired' || state === 'rejected' ? 'failed' : state;
}

export function errorCode(state: State, code: string | undefined): number | null {
  if (code !== undefined) return Number(code);
  if (state === 'undelivered') return 30003;
  if (state === 'rejected') return 30007;
  return state === 'expired' ? 30036 : null;
}

/** A message as the API shows it; `isNew`: as it was when it was accepted. */
export function toResource(message: Message, account: string, isNew = false) {
  const {
    acceptedMs,
    code,
    costMinor,
    extra,
    from,
    parts,
    providerId,
    sendAtMs,
    stateMs,
    text,
    to,
  } = message;
  const first: State = sendAtMs === undefined ? 'accepted' : 'scheduled';
  const state = isNew ? first : message.state;
  const hasLeft = !['accepted', 'scheduled', 'canceled'].includes(state);
  const error = errorCode(state, isNew ? undefined : code);
  const date = (atMs: number) => new Date(atMs).toUTCString().replace('GMT', '+0000');
  const uri = `/2010-04-01/Accounts/${account}/Messages/${providerId}.json`;
  return {
    ...{ account_sid: account, api_version: '2010-04-01', body: text, direction: 'outbound-api' },
    ...{ date_created: date(acceptedMs), date_updated: date(isNew ? acceptedMs : stateMs) },
    ...{ date_sent: hasLeft ? date(stateMs) : null, error_code: error },
    ...{
      error_message: error === null ? null : (errors[error] ?? 'The message was not delivered'),
    },
    ...{
      from,
      messaging_service_sid: extra?.service ?? null,
      num_media: '0',
      num_segments: String(parts),
    },
    ...{
      price: hasLeft ? `-${units(costMinor).toFixed(5)}` : null,
      price_unit: 'USD',
      sid: providerId,
    },
    ...{
      status: statusOf(state, message),
      subresource_uris: { media: uri.replace('.json', '/Media.json') },
    },
    ...{ to: `+${to}`, uri },
  };
}
