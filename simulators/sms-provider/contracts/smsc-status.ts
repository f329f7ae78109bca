import type { Reply } from '#simulators/kit';
import type { Message, SmsCentre } from '#simulators/sms-provider/centre';
import { units } from './contract.ts';
import type { RepeatGuard } from './repeat-guard.ts';
import { formatSmsc } from './smsc-format.ts';
import { moscowDate, networkError, statusCodes, statusNames } from './smsc-words.ts';

type Query = Readonly<Record<string, string>>;

const pairsMax = 100;
const notFound = -3;

/** status.php: `phone` and `id` pair up by position; a trailing comma asks for the form of a list. */
export function answerStatus(centre: SmsCentre, query: Query, guard: RepeatGuard): Reply {
  const { id = '', phone = '' } = query;
  if (id === '' || phone === '') return toError(query, 1, 'parameters error');
  if (guard.isRepeated(`status ${JSON.stringify(query)}`, guard.statusLimit)) {
    return toError(query, 9, 'duplicate request, wait a minute');
  }
  const [ids, phones] = [id.split(','), phone.split(',')];
  const isList = ids.length > 1 || phones.length > 1;
  const pairs = ids
    .map((one, index) => [one.trim(), digits(phones[index] ?? '')] as const)
    .filter(([one, to]) => one !== '' && to !== '');
  if (pairs.length === 0 || pairs.length > pairsMax) return toError(query, 1, 'parameters error');
  if (query.del === '1') return remove(centre, query, pairs);
  const found = pairs.map(([one, to]) => {
    const message = centre.ledger.find('smsc', one).find((each) => each.to === to);
    return describe({ query, isList, id: one, phone: to }, message);
  });
  const csv = found.map((one) => Object.values(one).join(',')).join('\n');
  return formatSmsc(query, isList ? found : (found[0] ?? {}), csv, csv);
}

interface Asked {
  readonly query: Query;
  readonly isList: boolean;
  readonly id: string;
  readonly phone: string;
}

function describe({ id, isList, phone, query }: Asked, message: Message | undefined): object {
  const who = { id: Number(id), phone };
  if (!message)
    return { status: notFound, last_date: '', last_timestamp: 0, err: 0, ...(isList ? who : {}) };
  const { acceptedMs, code, costMinor, from, state, stateMs, text } = message;
  const short = {
    ...{ status: statusCodes[state], last_date: moscowDate(stateMs) },
    ...{ last_timestamp: seconds(stateMs), err: networkError(state, code) },
  };
  const more = {
    ...{ send_date: moscowDate(acceptedMs), send_timestamp: seconds(acceptedMs), phone },
    ...{ cost: String(units(costMinor)), sender_id: from, status_name: statusNames[state] },
    ...{ message: text, type: 0 },
  };
  const place = { country: 'Россия', operator: 'МТС', region: 'Москва' };
  return {
    ...short,
    ...(query.all === '1' || query.all === '2' ? more : {}),
    ...(query.all === '2' ? place : {}),
    ...(isList ? { ...who, flag: 0 } : {}),
  };
}

/** `del=1`: what has not left yet is stopped. */
function remove(
  centre: SmsCentre,
  query: Query,
  pairs: readonly (readonly [string, string])[],
): Reply {
  const messages = pairs.map(([id, to]) =>
    centre.ledger.find('smsc', id).find((one) => one.to === to),
  );
  if (messages.includes(undefined)) return toError(query, 5, 'delete failed');
  for (const message of messages) if (message) centre.ledger.cancel(message, centre.nowMs());
  return formatSmsc(query, { result: 'OK' }, 'OK', 'OK');
}

function toError(query: Query, code: number, error: string): Reply {
  return formatSmsc(query, { error, error_code: code }, `ERROR = ${code} (${error})`, `0,-${code}`);
}

function digits(phone: string): string {
  return phone.replaceAll(/\D/g, '');
}

function seconds(atMs: number): number {
  return Math.floor(atMs / 1000);
}
