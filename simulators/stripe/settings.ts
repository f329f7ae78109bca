import {
  type LineSettings,
  lineReaders,
  type NoticeSettings,
  noticeReaders,
  readNumber,
  readText,
  type SettingReader,
  type SettingReaders,
  standardLine,
  standardNotices,
} from '#simulators/kit';

export interface StripeSettings extends LineSettings, NoticeSettings {
  readonly secretKey: string;
  readonly publishableKey: string;
  /** Of the webhook endpoint; several, separated by a comma, while one is being replaced. */
  readonly webhookSecret: string;
  readonly apiVersion: string;
  /** The member of `metadata` by which the merchant names a payment: the reference in the book. */
  readonly referenceKey: string;
  /** How long a search does not find what is new. */
  readonly searchDelayMs: number;
  /** What a payment of 10000 costs the merchant. */
  readonly feePer10000: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const standardSettings: StripeSettings = {
  ...standardLine,
  ...standardNotices,
  // About three days, longer each time.
  noticeRetriesMs: [
    ...[1_000, 5_000, 30_000, 5 * minuteMs, 30 * minuteMs],
    ...[2 * hourMs, 6 * hourMs, 12 * hourMs, 24 * hourMs, 24 * hourMs],
  ],
  secretKey: 'sk_test_kopek',
  publishableKey: 'pk_test_kopek',
  webhookSecret: 'whsec_kopek',
  apiVersion: '2026-10-28.endive',
  referenceKey: 'payment',
  searchDelayMs: 0,
  feePer10000: 290,
};

const text: SettingReader<string> = (value, field) => readText(value, { field, maxLength: 500 });

export const readers: SettingReaders<StripeSettings> = {
  ...lineReaders,
  ...noticeReaders,
  ...{ secretKey: text, publishableKey: text, webhookSecret: text, apiVersion: text },
  referenceKey: text,
  searchDelayMs: (value, field) => readNumber(value, { field, min: 0, max: hourMs }),
  feePer10000: (value, field) => readNumber(value, { field, min: 0, max: 10_000 }),
};
