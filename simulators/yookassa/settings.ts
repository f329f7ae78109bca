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

export interface YooKassaSettings extends LineSettings, NoticeSettings {
  readonly shopId: string;
  readonly secretKey: string;
  /** The member of `metadata` by which the merchant names a payment: the reference in the book. */
  readonly referenceKey: string;
  /** What a payment of 10000 costs the merchant. */
  readonly feePer10000: number;
}

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
};

const text: SettingReader<string> = (value, field) => readText(value, { field, maxLength: 500 });

export const readers: SettingReaders<YooKassaSettings> = {
  ...lineReaders,
  ...noticeReaders,
  ...{ shopId: text, secretKey: text, referenceKey: text },
  feePer10000: (value, field) => readNumber(value, { field, min: 0, max: 10_000 }),
};
