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
const KEY_LENGTH_MAX = 200;
const REASON_LENGTH_MAX = 300;

/** Reads what a broker delivered for `topic`. Never throws: what can't be read has a `fault`. */
export function createReader(topic: Topic<unknown>) {
  let isValid: ((payload: unknown) => boolean) | undefined;

  /** Ours was checked when it was published. */
  function judge(text: string, ours: boolean): string | undefined {
    if (ours) return undefined;
    let payload: unknown;
    try {
      payload = JSON.parse(text);
    } catch (error) {
      return `it is no JSON: ${messageOf(error).slice(0, REASON_LENGTH_MAX)}`;
    }
    if (!isValid) {
      const compiled = Compile(topic.schema);
      isValid = (value) => compiled.Check(value);
    }
    return isValid(payload) ? undefined : `it is not of the shape of ${topic.name}`;
  }

  return (attributes: Attributes, body: Buffer | null, fallback: Fallback): Incoming => {
    const text = body?.toString('utf8') ?? '';
    const fault = judge(text, attributes.ours);
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
