import { Compile } from 'typebox/compile';
import { storableJson } from '#bus/outgoing';
import { PARCEL_SEPARATOR, SEPARATOR } from '#bus/store';
import type { Topic } from '#bus/topic';
import { messageOf } from '#errors';
import type { Delivery } from './delivery.ts';
import { foreignId, foreignSource } from './foreign.ts';

/** What a broker's message says of itself: CloudEvents attributes, as far as there are any. */
export interface Attributes {
  /** Sent by a relay of this very installation. */
  readonly ours: boolean;
  readonly id: string | undefined;
  readonly source: string | undefined;
  readonly time: string | undefined;
  readonly subject: string | undefined;
  readonly traceparent: string | undefined;
}

/** What stands in for what a foreign message does not say. */
export interface Fallback {
  readonly id: string;
  readonly key: string | undefined;
  readonly time: Date;
  readonly source: string;
}

export type Incoming = Omit<Delivery, 'slot' | 'redelivered'>;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const SEPARATORS = new RegExp(`[${SEPARATOR}${PARCEL_SEPARATOR}]`, 'g');
const ODD_KEY = new RegExp(`[\\0${SEPARATOR}${PARCEL_SEPARATOR}]|.{201}`, 's');
const KEY_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 300;

/** Why a payload can't be a message of `topic`; undefined when it can. */
export function createFaultFinder(topic: Topic<unknown>): (text: string) => string | undefined {
  let compiled: ReturnType<typeof Compile> | undefined;
  return (text) => {
    let payload: unknown;
    try {
      payload = JSON.parse(text);
    } catch (error) {
      return `it is no JSON: ${messageOf(error).slice(0, REASON_LENGTH_MAX)}`;
    }
    compiled ??= Compile(topic.schema);
    if (compiled.Check(payload)) return undefined;
    // What stands where, and what should: never what stands there.
    const [first] = compiled.Errors(payload);
    const where = first ? `: ${first.instancePath || 'it'} ${first.message}` : '';
    return `it is not of the shape of ${topic.name}${where.slice(0, REASON_LENGTH_MAX)}`;
  };
}

/** Reads what a broker delivered for `topic`. Never throws: what can't be read has a `fault`. */
export function createReader(topic: Topic<unknown>) {
  const faultOf = createFaultFinder(topic);

  return (attributes: Attributes, body: Buffer | null, fallback: () => Fallback): Incoming => {
    const text = body?.toString('utf8') ?? '';
    return asPublished(attributes, text, body) ?? judge(attributes, text, body, fallback());
  };

  function judge(
    attributes: Attributes,
    text: string,
    body: Buffer | null,
    fallback: Fallback,
  ): Incoming {
    const fault = attributes.ours ? undefined : faultOf(text);
    const id = clean(attributes.id ?? '') || fallback.id;
    const known = UUID.test(id);
    const source = clean(attributes.source ?? '') || fallback.source;
    const time = new Date(attributes.time ?? Number.NaN);
    const { traceparent = '' } = attributes;
    return {
      messageId: known ? id : foreignId(topic.name, id),
      source: known ? source : foreignSource(source, id),
      key: toKey(attributes.subject ?? fallback.key ?? '').slice(0, KEY_LENGTH_MAX) || id,
      publishedAt: (Number.isNaN(time.getTime()) ? fallback.time : time).toISOString(),
      traceparent: TRACEPARENT.test(traceparent) ? traceparent : undefined,
      payload: attributes.ours ? text : storable(text, fault),
      bytes: body?.length ?? 0,
      fault,
    };
  }
}

/** Ours was checked when it was published: it is taken as it is, if nobody has changed who it is. */
function asPublished(
  attributes: Attributes,
  payload: string,
  body: Buffer | null,
): Incoming | undefined {
  const { id, ours, source, subject: key, time, traceparent } = attributes;
  if (!ours || !id || !source || !key || !time) return undefined;
  if (!UUID.test(id) || Number.isNaN(Date.parse(time)) || ODD_KEY.test(key)) return undefined;
  return {
    ...{ messageId: id, source, key, publishedAt: time, traceparent, payload },
    ...{ bytes: body?.length ?? 0, fault: undefined },
  };
}

/** What is no JSON is kept as a text. */
function storable(text: string, fault: string | undefined): string {
  return storableJson(fault?.startsWith('it is no JSON') ? JSON.stringify(text) : text);
}

/** Without the letters that separate keys in a parcel. */
function toKey(text: string): string {
  return clean(text).replaceAll(SEPARATORS, '');
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}
