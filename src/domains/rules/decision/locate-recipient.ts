import { isTimeZone, type Place } from '#rules/local-time';
import type { KnownFacts } from './facts.ts';
import { holds, type PredicateFacts, switchesIn } from './predicate.ts';
import type { RuleRequest } from './request.ts';
import type { LocalTime, ZoneSource } from './rule-set.ts';

/** Where the recipient may be: all candidates, and which source named them. */
export interface Located {
  readonly places: readonly Place[];
  readonly source: ZoneSource | 'none';
  /** Switches that had a say in which sources were asked. */
  readonly switches: readonly string[];
}

/** Nothing is known of where somebody is: any hour that the earth has. */
const EVERYWHERE: readonly string[] = Array.from({ length: 27 }, (_, index) =>
  index === 12 ? 'Etc/UTC' : `Etc/GMT${index < 12 ? '+' : '-'}${Math.abs(12 - index)}`,
);

/**
 * Asks the sources of local time in their order; the first that knows anything answers. Of a person with a number of
 * one country who lives in another, both countries are candidates: the laws of either may apply.
 */
export function locateRecipient(
  request: RuleRequest,
  facts: KnownFacts,
  { localTime, asked }: { localTime: LocalTime; asked: PredicateFacts },
): Located {
  const switches = new Set<string>();
  for (const { from, when } of localTime.sources) {
    for (const name of switchesIn(when)) switches.add(name);
    if (!holds(when, asked)) continue;
    const places = askSource(from, request, facts);
    if (places.length > 0) return { places, source: from, switches: [...switches] };
  }
  const zones = EVERYWHERE.flatMap((zone) => inZone(zone, request, facts));
  return { places: zones, source: 'none', switches: [...switches] };
}

function askSource(source: ZoneSource, request: RuleRequest, facts: KnownFacts): readonly Place[] {
  const { numbers } = facts.rulebook;
  switch (source) {
    case 'explicit': {
      const zone = request.timeZone;
      return zone !== undefined && isTimeZone(zone) ? inZone(zone, request, facts) : [];
    }
    case 'region':
      return request.region === undefined
        ? []
        : withCountryOfNumber(numbers.placesOfRegion(request.region), request, facts);
    case 'number':
      return ofRegion(numbers.placesOf(request.recipient), request.region);
    case 'country': {
      const country = request.region?.slice(0, 2) ?? numbers.countryOf(request.recipient);
      const places = country === undefined ? [] : numbers.placesOfCountry(country);
      return withCountryOfNumber(ofRegion(places, request.region), request, facts);
    }
    case 'entity': {
      const zone = facts.entity?.zone;
      return zone !== undefined && isTimeZone(zone) ? inZone(zone, request, facts) : [];
    }
  }
}

/** The countries and regions that may apply, all of them at the hour of one zone. */
function inZone(zone: string, request: RuleRequest, facts: KnownFacts): readonly Place[] {
  const { numbers } = facts.rulebook;
  const { recipient, region } = request;
  if (region !== undefined) {
    const place = { country: region.slice(0, 2), region, zone };
    return withCountryOfNumber([place], request, facts);
  }
  const country = numbers.countryOf(recipient) ?? '';
  const ofNumber = numbers.placesOf(recipient);
  const known = ofNumber.length > 0 ? ofNumber : numbers.placesOfCountry(country);
  const regions = [...new Set(known.map((place) => place.region))];
  if (regions.length === 0) return [{ country, zone }];
  return regions.map((one) =>
    one === undefined ? { country, zone } : { country, region: one, zone },
  );
}

function withCountryOfNumber(
  places: readonly Place[],
  request: RuleRequest,
  facts: KnownFacts,
): readonly Place[] {
  const country = facts.rulebook.numbers.countryOf(request.recipient);
  if (country === undefined || places.every((place) => place.country === country)) return places;
  const zones = [...new Set(places.map(({ zone }) => zone))];
  return [...places, ...zones.map((zone) => ({ country, zone }))];
}

/** A region that the request names goes before those that a number or a country may be of. */
function ofRegion(places: readonly Place[], region: string | undefined): readonly Place[] {
  if (region === undefined) return places;
  const country = region.slice(0, 2);
  return places.map((place) => (place.country === country ? { ...place, region } : place));
}
