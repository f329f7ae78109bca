import { entryOf } from './answer.ts';
import { exolveFaults } from './exolve.ts';
import type { FaultRow } from './faults.ts';
import { explainSmpp } from './smpp/sentences.ts';
import { smsAeroFaults } from './sms-aero.ts';
import { smsRuFaults } from './sms-ru-faults.ts';
import { smscErrors, smscFaults } from './smsc-faults.ts';
import { twilioErrors, twilioFaults } from './twilio-faults.ts';

/** What does not come from a provider, but from the talk with it. */
const OWN: Readonly<Record<string, string>> = {
  text_empty: 'There is no text.',
  text_malformed: 'The text has half a letter in it: an unpaired surrogate.',
  text_too_long: 'The text is longer than this provider takes.',
  too_late: 'The message was of no use any more.',
  validity_too_short: 'Less time was left than this provider can be told.',
  no_connection: 'No connection to the provider was free in time.',
  timeout: 'No answer came in time: the message may have left.',
  unreadable: 'The answer could not be understood: the message may have left.',
  ECONNREFUSED: 'Nobody listens at the address of the provider.',
  ENOTFOUND: "The provider's name is not known to the DNS.",
  smsc_note_mark: 'The text has ~~~ in it, behind which SMSC.ru sends nothing.',
  smsc_crowded: 'Too many requests stood side by side.',
  smsc_other: 'What SMSC.ru knows by this id was sent before the message was made.',
  aero_refused: 'SMS Aero refused the message in words that we do not know.',
};

const TABLES = { smsc: smscFaults, smsru: smsRuFaults, twilio: twilioFaults } as const;
const PATTERNS = { aero: smsAeroFaults, exolve: exolveFaults } as const;
const LATER = { smsc_err: smscErrors, twilio: twilioErrors } as const;

/** A sentence for a person on the `reason` of an outcome or a report; undefined for what we know nothing of. */
export function explainReason(reason: string): string | undefined {
  if (Object.hasOwn(OWN, reason)) return OWN[reason];
  const cut = reason.lastIndexOf('_');
  const [prefix, code] = [reason.slice(0, cut), reason.slice(cut + 1)];
  const table = Object.entries(TABLES).find(([name]) => name === prefix)?.[1];
  const later = Object.entries(LATER).find(([name]) => name === prefix)?.[1];
  const [family = ''] = reason.split('_');
  const patterns = Object.entries(PATTERNS).find(([name]) => name === family)?.[1];
  return (
    (table && entryOf<FaultRow>(table, code))?.sentence ??
    (later && entryOf(later, code)) ??
    patterns?.find((row) => reason === `${family}_${row.code}`)?.sentence ??
    explainSmpp(reason)
  );
}
