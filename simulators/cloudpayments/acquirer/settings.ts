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
  type SettingReaders,
  type Span,
  spanUpTo,
} from '#simulators/kit';
import { type Address, type NotificationType, notificationTypes } from './records.ts';

/** What holds for every terminal of the gateway. */
export interface Settings {
  /** Of every call, before it is worked on. Real time. */
  readonly latencyMs: Span;
  /** How late what is `late` is: virtual time, as everything below. */
  readonly lateMs: number;
  /** From the operation to its notification. A wide span brings them in another order. */
  readonly notificationDelayMs: Span;
  /** The shares of notifications that come twice or thrice, late, before the answer of the API, or never. */
  readonly duplicated: number;
  readonly delayed: number;
  readonly early: number;
  readonly lost: number;
  /** How long a merchant may take to answer. Real time. */
  readonly notificationTimeoutMs: number;
  readonly checkTimeoutMs: number;
  /** How long the answer to an X-Request-ID is remembered. */
  readonly idempotencyMs: number;
  /** A decline is remembered as well; without it the same X-Request-ID tries again. */
  readonly replayDeclines: boolean;
  /** What becomes of an authorisation that nobody confirms, and when. */
  readonly unconfirmed: 'cancel' | 'confirm';
  readonly unconfirmedMs: number;
  /** What the gateway keeps of a payment. */
  readonly feeBasisPoints: number;
  /** Where browsers reach this simulator; empty: where the call came to. */
  readonly publicUrl: string;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const yearMs = 366 * dayMs;

export const standardSettings: Settings = {
  latencyMs: { min: 0, max: 0 },
  lateMs: 30_000,
  notificationDelayMs: { min: 0, max: 0 },
  duplicated: 0,
  delayed: 0,
  early: 0,
  lost: 0,
  notificationTimeoutMs: 30_000,
  checkTimeoutMs: 30_000,
  idempotencyMs: hourMs,
  replayDeclines: true,
  unconfirmed: 'cancel',
  unconfirmedMs: 7 * dayMs,
  feeBasisPoints: 350,
  publicUrl: '',
};

const readers: SettingReaders<Settings> = {
  latencyMs: spanUpTo(10 * minuteMs),
  lateMs: readDuration,
  notificationDelayMs: spanUpTo(hourMs),
  duplicated: readShare,
  delayed: readShare,
  early: readShare,
  lost: readShare,
  notificationTimeoutMs: readDuration,
  checkTimeoutMs: readDuration,
  idempotencyMs: readDuration,
  replayDeclines: readFlag,
  unconfirmed: (value, field) => readChoice(value, ['cancel', 'confirm'], field),
  unconfirmedMs: readDuration,
  feeBasisPoints: (value, field) => readNumber(value, { field, min: 0, max: 10_000 }),
  publicUrl: (value, field) => readUrl(value, field).replace(/\/$/, ''),
};

export function changeSettings(current: Settings, fields: Fields): Settings {
  return changeNamed(current, fields, readers);
}

function readDuration(value: unknown, field: string): number {
  return readNumber(value, { field, min: 0, max: yearMs });
}

/** A terminal of a merchant: who may call, and where it is told of what happens. */
export interface SiteSettings {
  readonly apiSecret: string;
  readonly terminalUrl: string;
  /** Notifications and transactions say so; the cards are the same. */
  readonly testMode: boolean;
  /** Calls at a time; the real gateway allows 5 in test mode and 30 else. Null: no limit. */
  readonly concurrency: number | null;
  /** Whether a card is kept when SaveCard is not sent. */
  readonly saveCards: 'asked' | 'always' | 'never';
  /** How the fields of notifications are written. */
  readonly body: 'form' | 'json';
  readonly notifications: Readonly<Record<NotificationType, Address>>;
}

const nowhere: Address = {
  ...{ IsEnabled: false, Address: '', HttpMethod: 'GET', Encoding: 'UTF8' },
  Format: 'CloudPayments',
};

export const standardSite: SiteSettings = {
  apiSecret: '0123456789abcdef0123456789abcdef',
  terminalUrl: 'http://merchant.example',
  testMode: true,
  concurrency: 5,
  saveCards: 'asked',
  body: 'form',
  notifications: Object.fromEntries(
    notificationTypes.map((type) => [type, nowhere]),
  ) as SiteSettings['notifications'],
};

const siteReaders: SettingReaders<SiteSettings> = {
  apiSecret: (value, field) => readText(value, { field, maxLength: 200 }),
  terminalUrl: (value, field) => readText(value, { field, maxLength: 500 }),
  testMode: readFlag,
  concurrency: (value, field) =>
    value === null ? null : readNumber(value, { field, min: 1, max: 100_000 }),
  saveCards: (value, field) => readChoice(value, ['asked', 'always', 'never'], field),
  body: (value, field) => readChoice(value, ['form', 'json'], field),
  notifications: (value, field, current) => {
    if (!isFields(value)) throw new Problem(400, `${field} must be an object`, field);
    const readers = Object.fromEntries(notificationTypes.map((type) => [type, readAddress]));
    return changeNamed(current, value, readers as SettingReaders<SiteSettings['notifications']>);
  },
};

export function changeSite(current: SiteSettings, fields: Fields): SiteSettings {
  return changeNamed(current, fields, siteReaders);
}

const addressReaders: SettingReaders<Address> = {
  IsEnabled: readFlag,
  Address: readUrl,
  HttpMethod: (value, field) => readChoice(value, ['GET', 'POST'], field),
  Encoding: (value, field) => readChoice(value, ['UTF8', 'Windows1251'], field),
  Format: (value, field) => readChoice(value, ['CloudPayments', 'QIWI', 'RT'], field),
};

/** An address alone is enough: it is enabled, by POST. */
function readAddress(value: unknown, field: string, current: Address): Address {
  if (typeof value !== 'string') {
    return changeNamed(current, isFields(value) ? value : {}, addressReaders);
  }
  if (value === '') return nowhere;
  return { ...nowhere, IsEnabled: true, Address: readUrl(value, field), HttpMethod: 'POST' };
}

export function changeAddress(current: Address, fields: Fields): Address {
  return changeNamed(current, fields, addressReaders);
}

function readUrl(value: unknown, field: string): string {
  const url = readText(value, { field, maxLength: 2000, mayBeEmpty: true });
  if (url === '' || /^https?:\/\/[^\s]+$/.test(url)) return url;
  throw new Problem(400, `${field} must be an address that begins with http`, field);
}
