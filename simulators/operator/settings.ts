import {
  changeNamed,
  type Fields,
  readChoice,
  readNumber,
  readShare,
  readText,
  type SettingReaders,
  type Span,
  spanUpTo,
} from '#simulators/kit';

export const inquiryModes = ['byOurId', 'repeatIsSafe', 'none'] as const;
export type InquiryMode = (typeof inquiryModes)[number];

export interface Settings {
  /** Calls a second, charges and SMS together; null: no limit. */
  readonly tps: number | null;
  readonly latencyMs: Span;
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

const readers: SettingReaders<Settings> = {
  tps: (value, field) =>
    value === null ? null : readNumber(value, { field, min: 0, max: maxTps }),
  latencyMs: spanUpTo(maxDelayMs),
  inquiry: (value, field) => readChoice(value, inquiryModes, field),
  lateMs: readDelay,
  smsFailures: readShare,
  currency: (value, field) => readText(value, { field, maxLength: 3 }),
  shortCode: (value, field) => readText(value, { field, maxLength: 15 }),
};

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  return changeNamed(current, fields, readers);
}

export function readDelay(value: unknown, field: string): number {
  return readNumber(value, { field, min: 0, max: maxDelayMs });
}
