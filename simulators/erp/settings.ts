import {
  changeNamed,
  type Fields,
  readFlag,
  readNumber,
  type SettingReaders,
  type Span,
  spanUpTo,
} from '#simulators/kit';

export interface Settings {
  /** Takes nothing and says nothing; what was sent waits outside. */
  readonly away: boolean;
  /** How long one step of a payout takes. */
  readonly stepMs: Span;
  /** Of the scenario `delays`. */
  readonly delayMs: number;
}

export const standardSettings: Settings = {
  away: false,
  stepMs: { min: 200, max: 800 },
  delayMs: 10_000,
};

const delayMaxMs = 600_000;

const readers: SettingReaders<Settings> = {
  away: readFlag,
  stepMs: spanUpTo(delayMaxMs),
  delayMs: (value, field) => readNumber(value, { field, min: 0, max: delayMaxMs }),
};

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  return changeNamed(current, fields, readers);
}
