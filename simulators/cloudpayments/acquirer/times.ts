/** `2030-01-31T10:20:30`: UTC without its zone, as the API writes it beside `/Date(…)/`. */
export function isoSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19);
}

/** `2030-01-31 10:20:30`, as notifications write it. */
export function spacedSeconds(timeMs: number): string {
  return isoSeconds(timeMs).replace('T', ' ');
}

/** A time and its twin of that name with `Iso`. */
export function datePair(name: string, timeMs: number | null): Readonly<Record<string, unknown>> {
  return {
    [name]: timeMs === null ? null : `/Date(${timeMs})/`,
    [`${name}Iso`]: timeMs === null ? null : isoSeconds(timeMs),
  };
}

/** A year and a half hour are alike written without a zone: UTC is meant. Undefined where it is no time. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = /^\/Date\((-?\d{1,15})\)\/$/.exec(value);
  if (match) return Number(match[1]);
  if (!/^\d{4}-\d\d-\d\d/.test(value)) return undefined;
  const text = value.replace(' ', 'T');
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) && text.length > 10;
  const timeMs = Date.parse(hasZone ? text : text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
