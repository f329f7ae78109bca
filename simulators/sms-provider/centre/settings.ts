import {
  changeNamed,
  type Fields,
  isFields,
  Problem,
  readChoice,
  readFlag,
  readNumber,
  readShare,
  readText,
  type SettingReader,
  type SettingReaders,
  type Span,
  spanUpTo,
} from '#simulators/kit';
import type { ProviderName } from './message.ts';
import { type Outcome, outcomes, type Refusal, refusals } from './scenarios.ts';

/** How one provider behaves. Shares are of all messages, from 0 to 1; weights are against each other. */
export interface Settings {
  readonly acceptRate: number;
  /** Of those that are not accepted. */
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  readonly latencyMs: Span;
  readonly hangBefore: number;
  readonly hangAfter: number;
  readonly cutBefore: number;
  readonly cutAfter: number;
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** From acceptance to the handset. */
  readonly deliverMs: Span;
  /** From a state to its receipt. */
  readonly receiptMs: Span;
  readonly duplicated: number;
  readonly late: number;
  readonly early: number;
  readonly missing: number;
  readonly reordered: number;
  /** Of everything called late, unless its scenario says `delayMs`. */
  readonly lateMs: number;
  /** Calls in any second; null: no limit. */
  readonly tps: number | null;
  /** Null: it never runs out. */
  readonly balanceMinor: number | null;
  readonly priceMinor: number;
  readonly login: string;
  readonly password: string;
  /** What callbacks are signed with, where that is not the password. */
  readonly secret: string;
  /** Where receipts go unless the message says it; empty: nowhere. */
  readonly callbackUrl: string;
  /** Where incoming messages go; empty: nowhere. */
  readonly moUrl: string;
  /** How often a receipt or incoming message that was not taken is sent again, and how far apart. */
  readonly repeats: number;
  readonly repeatMs: number;
  /** SMSC.ru's error 9: the same request again within a minute. */
  readonly refuseRepeats: boolean;
  /** Whether the last two digits of a number decide what happens. */
  readonly endings: boolean;
}

export const standardSettings: Settings = {
  acceptRate: 1,
  refusals: { temporary: 1 },
  latencyMs: { min: 0, max: 0 },
  ...{ hangBefore: 0, hangAfter: 0, cutBefore: 0, cutAfter: 0 },
  outcomes: { delivered: 1 },
  deliverMs: { min: 20, max: 100 },
  receiptMs: { min: 0, max: 0 },
  ...{ duplicated: 0, late: 0, early: 0, missing: 0, reordered: 0 },
  lateMs: 30_000,
  tps: null,
  balanceMinor: null,
  priceMinor: 250,
  login: 'kopek',
  password: 'password-of-the-simulator',
  secret: 'secret-of-the-simulator',
  callbackUrl: '',
  moUrl: '',
  repeats: 30,
  repeatMs: 1_000,
  refuseRepeats: true,
  endings: false,
};

/** What a provider's own cabinet would show: the shapes differ, so the examples do. */
export const ownSettings: Readonly<Partial<Record<ProviderName, Partial<Settings>>>> = {
  'sms-aero': { login: 'kopek@example.org', password: 'api-key-of-the-simulator-00' },
  'sms-ru': { password: '00000000-0000-0000-0000-000000000000' },
  // SMPP allows eight letters, and clients cut off what is more.
  smpp: { password: 'kopeksim' },
  twilio: {
    login: 'AC00000000000000000000000000000000',
    password: '00000000000000000000000000000000',
  },
};

const maxDelayMs = 7 * 24 * 3_600_000;
const maxTextLength = 2_000;

const delay: SettingReader<number> = (value, field) =>
  readNumber(value, { field, min: 0, max: maxDelayMs });
const span = spanUpTo(maxDelayMs);
const text: SettingReader<string> = (value, field) =>
  readText(value, { field, maxLength: maxTextLength, mayBeEmpty: true });
const count =
  (max: number): SettingReader<number> =>
  (value, field) =>
    readNumber(value, { field, min: 0, max });
const orNull =
  (read: SettingReader<number>): SettingReader<number | null> =>
  (value, field) =>
    value === null ? null : read(value, field, 0);

const readers: SettingReaders<Settings> = {
  acceptRate: readShare,
  refusals: weightsOf(refusals),
  latencyMs: span,
  ...{ hangBefore: readShare, hangAfter: readShare, cutBefore: readShare, cutAfter: readShare },
  outcomes: weightsOf(outcomes),
  deliverMs: span,
  receiptMs: span,
  ...{ duplicated: readShare, late: readShare, early: readShare, missing: readShare },
  reordered: readShare,
  lateMs: delay,
  tps: orNull(count(1_000_000)),
  balanceMinor: orNull(count(1e12)),
  priceMinor: count(1e6),
  ...{ login: text, password: text, secret: text, callbackUrl: readUrl, moUrl: readUrl },
  repeats: count(10_000),
  repeatMs: delay,
  ...{ refuseRepeats: readFlag, endings: readFlag },
};

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  return changeNamed(current, fields, readers);
}

function readUrl(value: unknown, field: string): string {
  const url = text(value, field, '');
  if (url === '' || (URL.canParse(url) && /^https?:/.test(url))) return url;
  throw new Problem(400, `${field} must be a web address, or empty`, field);
}

function weightsOf<Name extends string>(
  names: readonly Name[],
): SettingReader<Readonly<Partial<Record<Name, number>>>> {
  return (value, field) => {
    if (!isFields(value)) throw new Problem(400, `${field} holds a weight by name`, field);
    const weights = Object.entries(value).map(([name, weight]) => [
      readChoice(name, names, field),
      readNumber(weight, { field: `${field}.${name}`, min: 0, max: 1e6, fraction: true }),
    ]);
    return Object.fromEntries(weights);
  };
}
