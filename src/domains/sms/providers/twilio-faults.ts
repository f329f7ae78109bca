import type { ReportedState } from '#sms/provider';
import type { FaultTable } from './faults.ts';

/** `code` of an error: https://www.twilio.com/docs/api/errors */
export const twilioFaults: FaultTable = {
  20003: { fault: 'account', sentence: 'The account or its token is wrong, or has no money.' },
  20005: { fault: 'account', sentence: 'The account is not active.' },
  20404: { fault: 'account', sentence: 'There is no such account.' },
  20429: { fault: 'throttled', sentence: 'Too many requests.' },
  20503: { fault: 'temporary', sentence: 'The service is not there for a moment.' },
  21211: { fault: 'recipient', sentence: 'The number can not be one.' },
  21212: { fault: 'account', sentence: 'The sender can not be one.' },
  21408: { fault: 'message', sentence: 'The account may not send to this region.' },
  21602: { fault: 'message', sentence: 'There is no text.' },
  21603: { fault: 'account', sentence: 'There is no sender.' },
  21604: { fault: 'recipient', sentence: 'There is no number.' },
  21605: { fault: 'message', sentence: 'The text is longer than 1600 letters.' },
  21606: { fault: 'account', sentence: 'The sender is not ours, or can not send.' },
  21608: { fault: 'message', sentence: 'A trial account sends to confirmed numbers only.' },
  21609: { fault: 'account', sentence: 'The address for statuses can not be one.' },
  21610: { fault: 'recipient', sentence: 'The recipient has said STOP to this sender.' },
  21611: { fault: 'throttled', sentence: "The sender's queue is full." },
  21612: { fault: 'message', sentence: 'There is no route from this sender to this number.' },
  21614: { fault: 'recipient', sentence: 'The number is not of a mobile.' },
  21617: { fault: 'message', sentence: 'The text is longer than 1600 letters.' },
  21619: { fault: 'message', sentence: 'There is neither text nor medium.' },
  21620: { fault: 'message', sentence: 'A medium can not be read.' },
  21623: { fault: 'message', sentence: 'The validity is not between 1 and 36000 seconds.' },
  21659: { fault: 'account', sentence: 'The sender is not a number of Twilio.' },
  21660: { fault: 'account', sentence: 'The sender is of another account.' },
  21661: { fault: 'account', sentence: 'The sender can not send SMS.' },
  21703: { fault: 'account', sentence: 'The messaging service has no numbers.' },
  21704: { fault: 'account', sentence: 'The messaging service has no numbers.' },
  30001: { fault: 'throttled', sentence: 'The queue is full.' },
  30002: { fault: 'account', sentence: 'The account is suspended.' },
  30007: { fault: 'message', sentence: 'The message was filtered.' },
  63038: { fault: 'throttled', sentence: "The account's limit of the day is reached." },
};

/** Why a message was not delivered: `ErrorCode` of a status. */
export const twilioErrors: Readonly<Record<string, string>> = {
  30001: 'The queue was full.',
  30002: 'The account was suspended.',
  30003: 'The handset was not reached.',
  30004: 'The message was blocked.',
  30005: 'The number is unknown.',
  30006: 'The number is of a landline, or of an operator that is not reached.',
  30007: 'The message was filtered.',
  30008: 'The operator gave no reason.',
  30036: 'Its validity ended.',
  30047: 'It could not be put off to the allowed hours.',
  30610: 'The hours of the recipient forbid it.',
};

export const TWILIO_EXPIRED = '30036';

/** `status` of a message. */
export const twilioStates: Readonly<Record<string, ReportedState>> = {
  accepted: 'accepted',
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  partially_delivered: 'sent',
  undelivered: 'undelivered',
  failed: 'rejected',
  canceled: 'cancelled',
};
