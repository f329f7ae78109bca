import { type Fields, isFields } from '#simulators/kit';
import { invalid } from './errors.ts';

export interface Amount {
  readonly minor: number;
  readonly currency: string;
}

const minorMax = 1e12;

/** `{ value: "2.00", currency: "RUB" }`: the value is a text. */
export function amountOf(fields: Fields, name = 'amount'): Amount {
  const amount = fields[name];
  if (!isFields(amount)) throw invalid(`${name} is missing`, name);
  const { currency, value } = amount;
  const match = typeof value === 'string' ? /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(value) : null;
  if (!match) throw invalid('Incorrect value: a text such as "2.00"', `${name}.value`);
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
    throw invalid('Incorrect currency', `${name}.currency`);
  }
  const minor = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  if (minor < 1 || minor > minorMax) throw invalid('Incorrect value', `${name}.value`);
  return { minor, currency };
}

export function amountText({ currency, minor }: Amount) {
  const text = String(minor).padStart(3, '0');
  return { value: `${text.slice(0, -2)}.${text.slice(-2)}`, currency };
}

export function flagOf(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalid(`${name} is true or false`, name);
}

export function textOf(fields: Fields, name: string, maxLength: number): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length <= maxLength) return value;
  throw invalid(`${name} is a text of at most ${maxLength} characters`, name);
}

export function objectOf(fields: Fields, name: string): Fields | undefined {
  const value = fields[name];
  if (value === undefined || isFields(value)) return value;
  throw invalid(`${name} is an object`, name);
}

const metadataMax = { keys: 16, key: 32, value: 512 };

export function metadataOf(fields: Fields): Readonly<Record<string, string>> {
  const given = Object.entries(objectOf(fields, 'metadata') ?? {});
  const isRight = given.every(
    ([key, value]) =>
      key.length <= metadataMax.key &&
      typeof value === 'string' &&
      value.length <= metadataMax.value,
  );
  if (isRight && given.length <= metadataMax.keys) return Object.fromEntries(given) as never;
  throw invalid('metadata has up to 16 keys, texts of up to 512 characters', 'metadata');
}
