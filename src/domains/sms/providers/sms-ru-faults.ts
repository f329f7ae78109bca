import type { ReportedState } from '#sms/provider';
import type { FaultTable } from './faults.ts';

/** Answers to a request to send, of the whole or of one number: https://sms.ru/api/send */
export const smsRuFaults: FaultTable = {
  150: { fault: 'message', sentence: 'There is no route to this number.' },
  200: { fault: 'account', sentence: 'The api_id is wrong.' },
  201: { fault: 'account', sentence: 'There is no money on the account.' },
  202: {
    fault: 'recipient',
    sentence: 'The number is written wrongly, or there is no route to it.',
  },
  203: { fault: 'message', sentence: 'There is no text.' },
  204: { fault: 'account', sentence: 'The sender is not approved.' },
  205: { fault: 'message', sentence: 'The text is longer than eight parts.' },
  206: { fault: 'throttled', sentence: "The account's limit of the day is reached, or would be." },
  207: { fault: 'recipient', sentence: 'Nothing can be sent to this number.' },
  208: { fault: 'message', sentence: 'The time is written wrongly.' },
  209: { fault: 'recipient', sentence: "The number is on the account's stop list." },
  210: { fault: 'message', sentence: 'GET was used where POST is needed.' },
  211: { fault: 'account', sentence: 'There is no such method: the address is wrong.' },
  212: { fault: 'message', sentence: 'The text is not in UTF-8.' },
  213: { fault: 'message', sentence: 'There are too many numbers in one request.' },
  214: {
    fault: 'message',
    sentence: 'The number is abroad, and the account sends within Russia only.',
  },
  215: {
    fault: 'recipient',
    sentence: 'The number has complained: it is on the stop list of sms.ru.',
  },
  216: { fault: 'message', sentence: 'The text has a forbidden word.' },
  217: {
    fault: 'message',
    sentence:
      'An advertisement of credit lacks its warning of risks: see docs/providers/sms-ru.md.',
  },
  220: { fault: 'temporary', sentence: 'The service is not there for a moment.' },
  221: { fault: 'account', sentence: 'A sender of letters is needed.' },
  230: {
    fault: 'throttled',
    sentence: 'The limit of messages to this number in a day is reached.',
  },
  231: { fault: 'throttled', sentence: 'The same text went to this number within a minute.' },
  232: { fault: 'throttled', sentence: 'The same text went to this number too often today.' },
  233: { fault: 'throttled', sentence: 'Codes go to this number too often.' },
  300: { fault: 'account', sentence: 'The token is wrong, or its time is over.' },
  301: { fault: 'account', sentence: 'The password is wrong.' },
  302: { fault: 'account', sentence: 'The account is not confirmed.' },
  303: { fault: 'account', sentence: 'The code of confirmation is wrong.' },
  304: { fault: 'account', sentence: 'Too many codes of confirmation were asked for.' },
  305: { fault: 'account', sentence: 'Too many wrong codes of confirmation.' },
  500: { fault: 'temporary', sentence: 'Their server failed before it took the message.' },
  501: { fault: 'temporary', sentence: 'Too many codes are sent from this address of a visitor.' },
  502: { fault: 'temporary', sentence: 'Too many codes are sent to this number.' },
  503: { fault: 'temporary', sentence: 'Too many codes are sent to this number today.' },
  504: { fault: 'temporary', sentence: 'Too many messages abroad.' },
  505: { fault: 'temporary', sentence: 'Too many messages to one country.' },
  506: { fault: 'temporary', sentence: 'Too many messages from one address of a visitor.' },
  507: { fault: 'temporary', sentence: 'Too many messages to one region.' },
  508: { fault: 'temporary', sentence: 'Too many messages to one operator.' },
  550: { fault: 'message', sentence: 'This country is closed for the account.' },
};

/** `status_code` of a message, asked or pushed: https://sms.ru/api/status */
export const smsRuStates: Readonly<Record<string, ReportedState>> = {
  '-1': 'not_found',
  100: 'accepted',
  101: 'accepted',
  102: 'sent',
  103: 'delivered',
  104: 'expired',
  105: 'undelivered',
  106: 'undelivered',
  107: 'undelivered',
  108: 'rejected',
  110: 'delivered',
  130: 'rejected',
  131: 'rejected',
  132: 'rejected',
  150: 'undelivered',
};
