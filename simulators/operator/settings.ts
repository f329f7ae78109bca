import { type Fields, readChoice, readNumber, readText, refuseUnknown } from './fields.ts';

export const inquiryModes = ['byOurId', 'repeatIsSafe', 'none'] as const;
export type InquiryMode = (typeof inquiryModes)[number];

export interface Settings {
  /** Calls a second, charges and SMS together; null: no limit. */
  readonly tps: number | null;
  readonly latencyMs: { readonly min: number; readonly max: number };
  readonly inquiry: InquiryMode;
  /** How late the `late` scenarios are unless they say it themselves. */
  readonly lateMs: number;
  /** The share of SMS that are refused with 503. */
  readonly smsFailures: number;
  readonly currency: string;
  /** Where the phone page sends an SMS by default. */
  readonly shortCode: string;
}

export const standardSettings: Settings = {
  tps: null,
  latencyMs: { min: 0, max: 0 },
  inquiry: 'byOurId',
  lateMs: 30_000,
  smsFailures: 0,
  currency: 'PKR',
  shortCode: '7787',
};

const maxDelayMs = 600_000;
const maxTps = 1_000_000;

type Reader<Value> = (value: unknown, current: Value) => Value;
const readers: { readonly [Name in keyof Settings]: Reader<Settings[Name]> } = {
  tps: (value) =>
    value === null ? null : readNumber(value, { field: 'tps', min: 0, max: maxTps }),
  latencyMs: readLatency,
  inquiry: (value) => readChoice(value, inquiryModes, 'inquiry'),
  lateMs: (value) => readDelay(value, 'lateMs'),
  smsFailures: (value) =>
    readNumber(value, { field: 'smsFailures', min: 0, max: 1, fraction: true }),
  currency: (value) => readText(value, { field: 'currency', maxLength: 3 }),
  shortCode: (value) => readText(value, { field: 'shortCode', maxLength: 15 }),
};

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  const names = Object.keys(readers) as (keyof Settings)[];
  refuseUnknown(fields, names);
  const changes = names
    .filter((name) => fields[name] !== undefined)
    .map((name) => [name, (readers[name] as Reader<unknown>)(fields[name], current[name])]);
  return { ...current, ...Object.fromEntries(changes) };
}

export function readDelay(value: unknown, field: string): number {
  return readNumber(value, { field, min: 0, max: maxDelayMs });
}

function readLatency(value: unknown, current: Settings['latencyMs']): Settings['latencyMs'] {
  const given = typeof value === 'object' && value !== null ? (value as Fields) : { min: value };
  const min = given.min === undefined ? current.min : readDelay(given.min, 'latencyMs.min');
  const max = given.max === undefined ? min : readDelay(given.max, 'latencyMs.max');
  return { min, max: Math.max(min, max) };
}
