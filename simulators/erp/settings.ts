import { type Fields, Problem, readNumber, refuseUnknown } from './fields.ts';

export interface Settings {
  /** Takes nothing and says nothing; what was sent waits outside. */
  readonly away: boolean;
  /** How long one step of a payout takes. */
  readonly stepMs: { readonly min: number; readonly max: number };
  /** Of the scenario `delays`. */
  readonly delayMs: number;
}

export const standardSettings: Settings = {
  away: false,
  stepMs: { min: 200, max: 800 },
  delayMs: 10_000,
};

const delayMaxMs = 600_000;

/** Only what is named changes. */
export function changeSettings(current: Settings, fields: Fields): Settings {
  refuseUnknown(fields, ['away', 'stepMs', 'delayMs']);
  const { away, delayMs, stepMs } = fields;
  return {
    away: away === undefined ? current.away : readFlag(away, 'away'),
    stepMs: stepMs === undefined ? current.stepMs : readSpan(stepMs),
    delayMs: delayMs === undefined ? current.delayMs : readDelay(delayMs, 'delayMs'),
  };
}

function readSpan(value: unknown): Settings['stepMs'] {
  const given = typeof value === 'object' && value !== null ? (value as Fields) : { min: value };
  const min = readDelay(given.min ?? 0, 'stepMs.min');
  return { min, max: Math.max(min, readDelay(given.max ?? min, 'stepMs.max')) };
}

function readDelay(value: unknown, field: string): number {
  return readNumber(value, { field, min: 0, max: delayMaxMs });
}

function readFlag(value: unknown, field: string): boolean {
  if (value === true || value === 'true' || value === 'on') return true;
  if (value === false || value === 'false' || value === 'off') return false;
  throw new Problem(400, `${field} is true or false`, field);
}
