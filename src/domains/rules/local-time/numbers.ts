import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const Digits = Type.String({ pattern: '^[1-9][0-9]{0,10}$' });
const PlaceText = Type.String({ pattern: '^[A-Z]{2}(-[A-Z0-9]{1,3})? [A-Za-z_/+-]+$' });

/** Where a recipient may be: one candidate. */
export interface Place {
  /** ISO 3166-1; empty where the number tells none. */
  readonly country: string;
  /** ISO 3166-2, such as `US-TX`, where it is known. */
  readonly region?: string;
  /** IANA zone. */
  readonly zone: string;
}

/**
 * What numbers tell of where they are used, as data. Prefixes are E.164 digits without the plus; a place is written
 * `US-TX America/Chicago` or, without a region, `RU Asia/Omsk`.
 */
export const NumberTable = Type.Object(
  {
    /** Where the facts are from, and of which date. */
    source: Type.String({ minLength: 1, maxLength: 2000 }),
    /** Country → its calling prefixes, the first being its own, and all its places. */
    countries: Type.Record(
      Type.String({ pattern: '^[A-Z]{2}$' }),
      Type.Object({ prefixes: Type.Array(Digits), places: Type.Array(PlaceText) }, closed),
      closed,
    ),
    /** Prefix of a number → its candidates, where that is less than all of the country. */
    prefixes: Type.Record(Digits, Type.Array(PlaceText, { minItems: 1 }), closed),
    /** Region → its zones. */
    regions: Type.Record(
      Type.String({ pattern: '^[A-Z]{2}-[A-Z0-9]{1,3}$' }),
      Type.Array(Type.String(), { minItems: 1 }),
      closed,
    ),
  },
  closed,
);
export type NumberTable = Static<typeof NumberTable>;

/** Answers by the longest known prefix. Nothing is guessed: what is not known is answered with nothing. */
export interface Numbers {
  countryOf(msisdn: string): string | undefined;
  /** Of the number's range; empty where the range is not known. */
  placesOf(msisdn: string): readonly Place[];
  placesOfCountry(country: string): readonly Place[];
  placesOfRegion(region: string): readonly Place[];
}

const PREFIX_DIGITS_MAX = 11;
const NOWHERE: readonly Place[] = [];

/** Later tables go before earlier ones, prefix by prefix. */
export function createNumbers(tables: readonly NumberTable[]): Numbers {
  const ranges = new Map<string, readonly Place[]>();
  const countries = new Map<string, readonly Place[]>();
  const regions = new Map<string, readonly Place[]>();
  const calling = new Map<string, string>();
  for (const table of tables) {
    for (const [country, { prefixes, places }] of Object.entries(table.countries)) {
      countries.set(country, places.map(readPlace));
      for (const prefix of prefixes) calling.set(prefix, country);
    }
    for (const [prefix, places] of Object.entries(table.prefixes))
      ranges.set(prefix, places.map(readPlace));
    for (const [region, zones] of Object.entries(table.regions))
      regions.set(
        region,
        zones.map((zone) => ({ country: region.slice(0, 2), region, zone })),
      );
  }
  const placesOf = (msisdn: string) => longest(ranges, msisdn) ?? NOWHERE;
  return {
    placesOf,
    countryOf: (msisdn) => placesOf(msisdn)[0]?.country ?? longest(calling, msisdn),
    placesOfCountry: (country) => countries.get(country) ?? NOWHERE,
    placesOfRegion: (region) => regions.get(region) ?? NOWHERE,
  };
}

function longest<Value>(table: ReadonlyMap<string, Value>, msisdn: string): Value | undefined {
  for (let length = Math.min(PREFIX_DIGITS_MAX, msisdn.length - 1); length > 0; length -= 1) {
    const found = table.get(msisdn.slice(1, 1 + length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `US-TX America/Chicago`, `RU Asia/Omsk`. */
export function readPlace(text: string): Place {
  const [where = '', zone = ''] = text.split(' ');
  return where.includes('-')
    ? { country: where.slice(0, 2), region: where, zone }
    : { country: where, zone };
}
