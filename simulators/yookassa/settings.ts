import {
  type LineSettings,
  lineReaders,
  type NoticeSettings,
  noticeReaders,
  readChoice,
  readNumber,
  readText,
  type SettingReader,
  type SettingReaders,
  standardLine,
  standardNotices,
} from '#simulators/kit';

export interface YooKassaSettings extends LineSettings, NoticeSettings {
  readonly shopId: string;
  readonly secretKey: string;
  /** The member of `metadata` by which the merchant names a payment: the reference in the book. */
  readonly referenceKey: string;
  /** What a payment of 10000 costs the merchant. */
  readonly feePer10000: number;
  /** How long the till takes to register a receipt, and what comes of it. */
  readonly receiptDelayMs: number;
  readonly receiptEnd: (typeof receiptEnds)[number];
}

/** `missing`: nobody has made it at all. */
export const receiptEnds = ['succeeded', 'canceled', 'missing'] as const;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const standardSettings: YooKassaSettings = {
  ...standardLine,
  ...standardNotices,
  // About a day, longer each time.
  noticeRetriesMs: [
    ...[1_000, 5_000, 30_000, minuteMs, 5 * minuteMs],
    ...[30 * minuteMs, hourMs, 3 * hourMs, 6 * hourMs, 12 * hourMs],
  ],
  shopId: '100500',
  secretKey: 'test_kopek',
  referenceKey: 'payment',
  feePer10000: 350,
  receiptDelayMs: 0,
  receiptEnd: 'succeeded',
};

const text: SettingReader<string> = (value, field) => readText(value, { field, maxLength: 500 });

export const readers: SettingReaders<YooKassaSettings> = {
  ...lineReaders,
  ...noticeReaders,
  ...{ shopId: text, secretKey: text, referenceKey: text },
  feePer10000: (value, field) => readNumber(value, { field, min: 0, max: 10_000 }),
  receiptDelayMs: (value, field) => readNumber(value, { field, min: 0, max: 20 * 24 * hourMs }),
  receiptEnd: (value, field) => readChoice(value, receiptEnds, field),
};
