import type { Departure } from '#bus/carrier';
import type { Attributes } from '#bus/incoming';

/** Which message of a relay's lane it is. */
export interface Numbered {
  readonly lane: number;
  readonly sequence: bigint;
}

const NUMBER = 'kopek_number';
const ORIGIN = 'kopek_origin';

/** CloudEvents attributes as the Kafka binding's binary mode has them. */
export function toHeaders(departure: Departure, origin: string): Record<string, string> {
  const { key, lane, message_id: id, sequence, source, topic, traceparent } = departure;
  return {
    ...{ ce_specversion: '1.0', ce_id: id, ce_type: topic, ce_source: source, ce_subject: key },
    ce_time: new Date(departure.published_at).toISOString(),
    ...(traceparent === null ? {} : { ce_traceparent: traceparent }),
    'content-type': 'application/json',
    [ORIGIN]: origin,
    [NUMBER]: `${lane}/${sequence}`,
  };
}

export type Headers = ReadonlyMap<string, string>;

export function toAttributes(headers: Headers, origin: string): Attributes {
  const read = (name: string) => headers.get(`ce_${name}`) || undefined;
  return {
    ours: headers.get(ORIGIN) === origin,
    ...{ id: read('id'), source: read('source'), time: read('time') },
    ...{ subject: read('subject'), traceparent: read('traceparent') },
  };
}

/** The number counts only for those who gave it out: another installation has numbers of its own. */
export function toNumber(headers: Headers, origin: string): Numbered | undefined {
  if (headers.get(ORIGIN) !== origin) return undefined;
  const [, lane, sequence] = /^(\d{1,3})\/(\d{1,19})$/.exec(headers.get(NUMBER) ?? '') ?? [];
  if (lane === undefined || sequence === undefined) return undefined;
  return { lane: Number(lane), sequence: BigInt(sequence) };
}
