import {
  type Fields,
  isFields,
  Problem,
  readChoice,
  readFlag,
  readNumber,
  readText,
  refuseUnknown,
} from './fields.ts';
import type { ProviderName } from './message.ts';
import { type Outcome, outcomes, type Refusal, refusals } from './scenarios.ts';

export interface Span {
  readonly min: number;
  readonly max: number;
}

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

type Reader<Value> = (value: unknown, field: string, current: Value) => Value;

const share: Reader<number> = (value, field) =>
  readNumber(value, { field, min: 0, max: 1, fraction: true });
const delay: Reader<number> = (value, field) =>
  readNumber(value, { field, min: 0, max: maxDelayMs });
const text: Reader<string> = (value, field) => readText(value, field, maxTextLength);
const flag: Reader<boolean> = (value, field) => readFlag(value, field);
const count =
  (max: number): Reader<number> =>
  (value, field) =>
    readNumber(value, { field, min: 0, max });
const orNull =
  (read: Reader<number>): Reader<number | null> =>
  (value, field) =>
    value === null ? null : read(value, field, 0);

const readers: { readonly [Name in keyof Settings]: Reader<Settings[Name]> } = {
  acceptRate: share,
  refusals: weightsOf(refusals),
  latencyMs: readSpan,
  ...{ hangBefore: share, hangAfter: share, cutBefore: share, cutAfter: share },
  outcomes: weightsOf(outcomes),
  deliverMs: readSpan,
  receiptMs: readSpan,
  ...{ duplicated: share, late: share, early: share, missing: share, reordered: share },
  lateMs: delay,
  tps: orNull(count(1_000_000)),
  balanceMinor: orNull(count(1e12)),
  priceMinor: count(1e6),
  ...{ login: text, password: text, secret: text, callbackUrl: readUrl, moUrl: readUrl },
  repeats: count(10_000),
  repeatMs: delay,
  ...{ refuseRepeats: flag, endings: flag },
};

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  const names = Object.keys(readers) as (keyof Settings)[];
  refuseUnknown(fields, names);
  const changes = names
    .filter((name) => fields[name] !== undefined)
    .map((name) => [name, (readers[name] as Reader<unknown>)(fields[name], name, current[name])]);
  return { ...current, ...Object.fromEntries(changes) };
}

function readSpan(value: unknown, field: string, current: Span): Span {
  const given: Fields = isFields(value) ? value : { min: value, max: value };
  refuseUnknown(given, ['min', 'max']);
  const min = delay(given.min ?? current.min, `${field}.min`, 0);
  return { min, max: Math.max(min, delay(given.max ?? min, `${field}.max`, 0)) };
}

function readUrl(value: unknown, field: string): string {
  const url = readText(value, field, maxTextLength);
  if (url === '' || (URL.canParse(url) && /^https?:/.test(url))) return url;
  throw new Problem(400, `${field} is a web address, or empty`, field);
}

function weightsOf<Name extends string>(
  names: readonly Name[],
): Reader<Readonly<Partial<Record<Name, number>>>> {
  return (value, field) => {
    if (!isFields(value)) throw new Problem(400, `${field} holds a weight by name`, field);
    const weights = Object.entries(value).map(([name, weight]) => [
      readChoice(name, names, field),
      readNumber(weight, { field: `${field}.${name}`, min: 0, max: 1e6, fraction: true }),
    ]);
    return Object.fromEntries(weights);
  };
}
