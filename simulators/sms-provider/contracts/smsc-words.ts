import type { Refusal, State } from '#simulators/sms-provider/centre';

/** Error codes of send.php (https://smsc.ru/api/http/send/sms/). */
export const sendErrors: Readonly<Record<number, string>> = {
  1: 'parameters error',
  2: 'authorise error',
  3: 'not enough money',
  4: 'IP blocked',
  5: 'invalid date format',
  6: 'message is denied',
  7: 'invalid phone',
  8: 'message to this phone cannot be delivered',
  9: 'duplicate request, wait a minute',
};

export const refusalCodes: Readonly<Record<Refusal, number>> = {
  throttled: 9,
  temporary: 4,
  'no-money': 3,
  'bad-number': 7,
  'bad-sender': 6,
  'bad-text': 6,
  'stop-list': 8,
  'bad-login': 2,
};

/** These say which message they are about. */
export const errorsWithId: ReadonlySet<number> = new Set([3, 6, 7, 8]);

export const statusCodes: Readonly<Record<State, number>> = {
  scheduled: -1,
  accepted: -1,
  sent: 0,
  delivered: 1,
  undelivered: 20,
  expired: 3,
  rejected: 23,
  canceled: -2,
};

export const statusNames: Readonly<Record<State, string>> = {
  scheduled: 'Ожидает отправки',
  accepted: 'Ожидает отправки',
  sent: 'Передано оператору',
  delivered: 'Доставлено',
  undelivered: 'Невозможно доставить',
  expired: 'Просрочено',
  rejected: 'Запрещено',
  canceled: 'Остановлено',
};

/** `err`: what the network says of it; 6: not in the network, 255: rejected by the operator. */
export function networkError(state: State, code: string | undefined): number {
  if (code !== undefined && /^\d{1,3}$/.test(code)) return Number(code);
  if (state === 'undelivered') return 6;
  return state === 'rejected' ? 255 : 0;
}

const moscowOffsetMs = 3 * 3_600_000;

/** `dd.mm.yyyy hh:mm:ss` in Moscow, which has had no summer time since 2014. */
export function moscowDate(atMs: number): string {
  const [date = '', time = ''] = new Date(atMs + moscowOffsetMs).toISOString().split('T');
  return `${date.split('-').reverse().join('.')} ${time.slice(0, 8)}`;
}

/** The moment that `DDMMYYhhmm`, `0ts` or `+m` names; undefined: not in such a form. */
export function readMoscowTime(text: string, nowMs: number, zoneHours: number): number | undefined {
  if (/^\+\d{1,6}$/.test(text)) return nowMs + Number(text.slice(1)) * 60_000;
  const [, day, month, year, hour, minute] = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  // `0ts` also begins with a digit of its own: ten more follow it.
  if (/^0\d{10}$/.test(text)) return Number(text.slice(1)) * 1000;
  if (day === undefined) return undefined;
  const atMs = Date.parse(`20${year}-${month}-${day}T${hour}:${minute}:00Z`);
  return Number.isNaN(atMs) ? undefined : atMs - zoneHours * 3_600_000;
}
