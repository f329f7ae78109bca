import { fromDecimal } from '#payouts/bank';
import { type Meaning, meaningOf } from '#payouts/statuses';
import { fail } from './errors.ts';

/** What whoever pays says of a payout: all lines of their list that name it. */
export interface TheirPayout {
  readonly erpId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly state: 'open' | 'paid' | 'rejected' | 'returned' | 'unknown';
  /** In their own word. */
  readonly word: string;
  readonly paidMinor: bigint;
  readonly paidTimes: number;
}

/** One line of a list. Amounts are minor units (`amount_minor`) or as the currency is written (`amount`). */
export type ListLine = Readonly<Record<string, string>>;

const LINES_MAX = 5_000_000;

/** Puts a list together by payout. Throws `list_malformed`, naming the line and what is wrong with it. */
export function theirPayouts(lines: Iterable<ListLine>): Map<string, TheirPayout> {
  const found = new Map<string, TheirPayout>();
  let number = 1;
  for (const line of lines) {
    number += 1;
    if (number > LINES_MAX) throw fail('list_malformed', `A list has at most ${LINES_MAX} lines.`);
    const one = readLine(line, (what) =>
      fail('list_malformed', `Line ${number} of the list: ${what}.`),
    );
    const before = found.get(one.erpId);
    found.set(one.erpId, before ? together(before, one) : one);
  }
  return found;
}

function readLine(line: ListLine, refuse: (what: string) => Error): TheirPayout {
  const { erp_id: erpId = '', currency = '' } = line;
  if (erpId === '') throw refuse('erp_id is empty');
  if (!/^[A-Z]{3}$/.test(currency)) throw refuse('currency is none of ISO 4217');
  const amountMinor = readAmount(line, currency);
  if (amountMinor === undefined) throw refuse('amount_minor, or amount, is no amount');
  const word = line.state || line.status || line.last_status || '';
  if (word === '') throw refuse('state, or status, is empty');
  const state = stateOf(word);
  const isPaid = state === 'paid' || state === 'returned';
  const paid = line.paid_minor ?? '';
  if (paid !== '' && !/^\d{1,18}$/.test(paid)) throw refuse('paid_minor is no amount');
  const paidMinor = paid === '' ? (isPaid ? amountMinor : 0n) : BigInt(paid);
  const paidTimes = paidMinor > 0n ? 1 : 0;
  return { erpId, amountMinor, currency, state, word, paidMinor, paidTimes };
}

function readAmount(line: ListLine, currency: string): bigint | undefined {
  const { amount_minor: minor = '', amount = '' } = line;
  if (minor === '') return fromDecimal(amount, currency);
  return /^\d{1,18}$/.test(minor) ? BigInt(minor) : undefined;
}

const STATES: Readonly<Record<Meaning, TheirPayout['state']>> = {
  acknowledge: 'open',
  pay: 'paid',
  reject: 'rejected',
  return: 'returned',
  nothing: 'unknown',
};

function stateOf(word: string): TheirPayout['state'] {
  const meaning = meaningOf('oebs', word) ?? meaningOf('bank', word);
  return meaning === undefined ? 'unknown' : STATES[meaning];
}

/** How far each has gone: of several lines the last word of a life holds. */
const ORDER: readonly TheirPayout['state'][] = ['unknown', 'open', 'rejected', 'paid', 'returned'];

/** A list may have a line for each payment, or for each status. */
function together(one: TheirPayout, other: TheirPayout): TheirPayout {
  const further = ORDER.indexOf(other.state) >= ORDER.indexOf(one.state) ? other : one;
  // A line that says it came back tells of the same payment as the one that says it was paid.
  const isSamePayment = (one.state === 'returned') !== (other.state === 'returned');
  return {
    ...further,
    paidMinor: isSamePayment
      ? one.paidMinor > other.paidMinor
        ? one.paidMinor
        : other.paidMinor
      : one.paidMinor + other.paidMinor,
    paidTimes: isSamePayment
      ? Math.max(one.paidTimes, other.paidTimes)
      : one.paidTimes + other.paidTimes,
  };
}
