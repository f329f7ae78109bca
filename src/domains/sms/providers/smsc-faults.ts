import type { ReportedState } from '#sms/provider';
import type { FaultTable } from './faults.ts';

const TEN_MINUTES_MS = 600_000;

/** Answers to a request to send: https://smsc.ru/api/http/send/ */
export const smscFaults: FaultTable = {
  1: { fault: 'message', sentence: 'A parameter of the request is wrong or missing.' },
  2: {
    fault: 'account',
    sentence: 'Login, password or key is wrong, or our address is not allowed.',
  },
  3: { fault: 'account', sentence: 'There is no money on the account.' },
  4: {
    ...{ fault: 'throttled', retryAfterMs: TEN_MINUTES_MS },
    sentence: 'Our address is blocked for a while after too many errors.',
  },
  5: { fault: 'message', sentence: 'A date is written wrongly.' },
  6: { fault: 'message', sentence: 'The message is forbidden, by its text or by its sender.' },
  7: { fault: 'recipient', sentence: 'The number is written wrongly.' },
  8: { fault: 'recipient', sentence: 'A message to this number can not be delivered.' },
  9: {
    fault: 'unknown',
    sentence: 'The same request came less than a minute ago: that one may have been taken.',
  },
};

/** https://smsc.ru/api/http/status_messages/statuses/ ; read and clicked are later facts of a delivered one. */
export const smscStates: Readonly<Record<string, ReportedState>> = {
  '-3': 'not_found',
  '-2': 'cancelled',
  '-1': 'accepted',
  0: 'sent',
  1: 'delivered',
  2: 'delivered',
  3: 'expired',
  4: 'delivered',
  20: 'undelivered',
  22: 'undelivered',
  23: 'rejected',
  24: 'rejected',
  25: 'undelivered',
};

/** Why a message was not delivered: `err` of a status. */
export const smscErrors: Readonly<Record<string, string>> = {
  1: 'There is no such subscriber.',
  6: 'The handset is not in the network.',
  11: 'The subscriber has no SMS.',
  12: 'The handset has a fault.',
  13: 'The subscriber is blocked.',
  21: 'The handset does not support it.',
  200: 'It was sent as a test only.',
  219: 'The SIM card was changed.',
  220: "The operator's queue is full.",
  237: 'Nobody answers.',
  238: 'There is no template for it.',
  239: 'Our address is forbidden.',
  240: 'The line is busy.',
  241: 'The text could not be converted.',
  242: 'An answering machine took it.',
  243: 'There is no contract.',
  244: 'Mailing is forbidden.',
  245: 'No status came.',
  246: 'The time of day forbids it.',
  247: "The day's limit is reached.",
  248: 'There is no route.',
  249: 'The number is written wrongly.',
  250: 'The number is forbidden by the settings of the account.',
  251: "The day's limit of the number is reached.",
  252: 'The number is forbidden.',
  253: 'The spam filter took it.',
  254: 'The sender is not registered.',
  255: 'The operator refused it.',
};
