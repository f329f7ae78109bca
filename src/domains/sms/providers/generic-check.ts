import { type FieldFault, messageOf } from '#errors';
import type { Account } from './contract.ts';
import type { GenericSecrets, GenericSettings } from './generic-settings.ts';
import { placesOf } from './template.ts';

const PLACES: Readonly<Record<'order' | 'question' | 'nothing', readonly string[]>> = {
  order: [
    ...['recipient', 'recipient_digits', 'sender', 'text', 'sms', 'attempt', 'our_id', 'priority'],
    ...['callback_url', 'valid', 'valid_until'],
  ],
  question: ['id', 'provider_id', 'our_id', 'sms', 'attempt', 'recipient', 'recipient_digits'],
  nothing: [],
};
const SECRET = 'secret:';

/** Before the first message: every pattern is one, and every place in a template is known. */
export function checkGeneric({
  secrets,
  settings,
}: Account<GenericSettings, GenericSecrets>): readonly FieldFault[] {
  const { balance, cancel, send, status } = settings;
  const known = Object.keys(secrets.values ?? {});
  const judge = (part: string, template: unknown, places: keyof typeof PLACES) =>
    placesOf(template)
      .filter((place) =>
        place.startsWith(SECRET)
          ? !known.includes(place.slice(SECRET.length))
          : !PLACES[places].includes(place),
      )
      .map((place) => ({
        field: `settings.${part}`,
        message: `has a place {{${place}}} that nothing fills`,
      }));
  return [
    ...judge('send', [send.path, send.headers, send.body], 'order'),
    ...judge('status', [status?.path, status?.headers, status?.body], 'question'),
    ...judge('cancel', [cancel?.path, cancel?.headers, cancel?.body], 'question'),
    ...judge('balance', [balance?.path, balance?.headers, balance?.body], 'nothing'),
    ...judgePattern('send.accepted', send.accepted.pattern),
    ...(send.faults ?? []).flatMap(({ pattern }, place) =>
      judgePattern(`send.faults.${place}`, pattern),
    ),
    ...judgePattern('cancel.cancelled', cancel?.cancelled.pattern),
    ...judgePattern('cancel.too_late', cancel?.too_late?.pattern),
    ...(settings.callback && secrets.callback_secret === undefined
      ? [{ field: 'secrets.callback_secret', message: 'is needed to tell who calls back' }]
      : []),
  ];
}

function judgePattern(part: string, pattern: string | undefined): readonly FieldFault[] {
  if (pattern === undefined) return [];
  try {
    new RegExp(pattern);
    return [];
  } catch (error) {
    return [{ field: `settings.${part}.pattern`, message: messageOf(error) }];
  }
}
