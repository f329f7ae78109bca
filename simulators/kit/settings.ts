import { type Fields, isFields, readNumber, refuseUnknown } from './fields.ts';

/** From the least to the most, both included. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

/** Reads what was sent for one setting; `current` is what it is now. Throws a `Problem` that names the field. */
export type SettingReader<Value> = (value: unknown, field: string, current: Value) => Value;

export type SettingReaders<Settings> = {
  readonly [Name in keyof Settings]: SettingReader<Settings[Name]>;
};

/** Only what is named changes; a name that no setting has is refused. */
export function changeNamed<Settings extends object>(
  current: Settings,
  fields: Fields,
  readers: SettingReaders<Settings>,
): Settings {
  const names = Object.keys(readers) as (string & keyof Settings)[];
  refuseUnknown(fields, names);
  const changes = names
    .filter((name) => fields[name] !== undefined)
    .map((name) => {
      const read = readers[name] as SettingReader<unknown>;
      return [name, read(fields[name], name, current[name])];
    });
  return { ...current, ...Object.fromEntries(changes) };
}

/** `{ min, max }` of which either may be left out, or one number for both; `max` is never below `min`. */
export function spanUpTo(most: number): SettingReader<Span> {
  return (value, field, current) => {
    const given: Fields = isFields(value) ? value : { min: value, max: value };
    refuseUnknown(given, ['min', 'max']);
    const read = (end: 'min' | 'max', fallback: number) =>
      given[end] === undefined
        ? fallback
        : readNumber(given[end], { field: `${field}.${end}`, min: 0, max: most });
    const min = read('min', current.min);
    return { min, max: Math.max(min, read('max', min)) };
  };
}
