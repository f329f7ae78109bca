import { countParts, type Order } from '#simulators/sms-provider/centre';
import { readMoscowTime } from './smsc-words.ts';

type Query = Readonly<Record<string, string>>;

const idMax = 2_147_483_647;
const moscowHours = 3;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const phonesMax = 1_000;
/** A note behind the text that is not sent: https://smsc.ru/api/http/send/comments/ */
const noteMark = /\n?~~~[\s\S]*$/;

/** The messages that send.php asks for, or the number of its error. */
export function readOrders(query: Query, nowMs: number): readonly Order[] | number {
  const pairs = readPairs(query);
  if (pairs.length === 0 || pairs.length > phonesMax) return 1;
  const { id } = query;
  if (id !== undefined && id !== '' && id !== '0' && !isId(id)) return 1;
  const timing = readTiming(query, nowMs);
  if (timing === undefined) return 5;
  const orders: Order[] = [];
  for (const [phone, given] of pairs) {
    const to = readPhone(phone);
    const text = given.replace(noteMark, '');
    if (text === '') return 1;
    if (to === undefined) return 7;
    orders.push({
      ...{ provider: 'smsc', to, from: query.sender || 'SMSC.RU', text, parts: countParts(text) },
      ...(id !== undefined && isId(id) ? { providerId: id, clientId: id } : {}),
      ...timing,
    });
  }
  const partsMax = Number(query.maxsms ?? 0);
  if (partsMax > 0 && orders.some(({ parts }) => parts > partsMax)) return 6;
  return orders;
}

/** `phones` with one text, or `list` with a text for each. */
function readPairs(query: Query): readonly (readonly [phone: string, text: string])[] {
  if (query.list !== undefined && query.list !== '') {
    return query.list.split(/\r?\n/).map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).replaceAll('\\n', '\n')] as const;
    });
  }
  const phones = (query.phones ?? '').split(/[,;]/).map((phone) => phone.trim());
  return phones.filter((phone) => phone !== '').map((phone) => [phone, query.mes ?? ''] as const);
}

/** A number without `+` is mended: 8 916… is Russian. */
function readPhone(phone: string): string | undefined {
  const digits = phone.replaceAll(/[\s()-]/g, '');
  if (/^\+\d{10,15}$/.test(digits)) return digits.slice(1);
  if (/^8\d{10}$/.test(digits)) return `7${digits.slice(1)}`;
  if (/^9\d{9}$/.test(digits)) return `7${digits}`;
  return /^\d{10,15}$/.test(digits) ? digits : undefined;
}

function isId(id: string): boolean {
  return /^\d{1,10}$/.test(id) && Number(id) >= 1 && Number(id) <= idMax;
}

/** Undefined: not a time. */
function readTiming(
  { time, tz, valid }: Query,
  nowMs: number,
): Pick<Order, 'sendAtMs' | 'validUntilMs'> | undefined {
  let sendAtMs: number | undefined;
  if (time !== undefined && time !== '' && time !== '0') {
    sendAtMs =
      readWindow(time, nowMs) ?? readMoscowTime(time, nowMs, moscowHours + Number(tz ?? 0));
    if (sendAtMs === undefined) return undefined;
  }
  const lifeMs = valid === undefined || valid === '' ? dayMs : readLife(valid);
  if (lifeMs === undefined) return undefined;
  const startMs = Math.max(nowMs, sendAtMs ?? nowMs);
  return {
    ...(startMs > nowMs ? { sendAtMs: startMs } : {}),
    validUntilMs: startMs + lifeMs,
  };
}

/** Hours from 1 to 24, or `hh:mm`. */
function readLife(valid: string): number | undefined {
  const [, hours, minutes = '0'] = /^(\d{1,2})(?::(\d\d))?$/.exec(valid) ?? [];
  const lifeMs = Number(hours) * hourMs + Number(minutes) * 60_000;
  return lifeMs > 0 && lifeMs <= dayMs ? lifeMs : undefined;
}

/** `h1-h2`: at once between these hours of Moscow, otherwise when they begin. */
function readWindow(time: string, nowMs: number): number | undefined {
  const [, from, until] = /^(\d{1,2})-(\d{1,2})$/.exec(time) ?? [];
  if (from === undefined) return undefined;
  const midnightMs = nowMs - ((nowMs + moscowHours * hourMs) % dayMs);
  const [startMs, endMs] = [
    midnightMs + Number(from) * hourMs,
    midnightMs + Number(until) * hourMs,
  ];
  if (nowMs >= startMs && nowMs < endMs) return nowMs;
  return nowMs < startMs ? startMs : startMs + dayMs;
}
