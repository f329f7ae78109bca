import type { Envelope } from 'rabbitmq-client';
import type { Departure } from '#bus/carrier';
import type { Attributes } from '#bus/incoming';
import type { AsyncMessage } from './client.ts';

/** CloudEvents attributes in headers of AMQP 0-9-1; the id, type and time also where AMQP has a place for them. */
export function toEnvelope(departure: Departure, routingKey: string, origin: string): Envelope {
  const time = readTime(departure.published_at);
  const { key, message_id: id, source, topic, traceparent } = departure;
  return {
    ...{ exchange: topic, routingKey, mandatory: true, durable: true },
    ...{ messageId: id, type: topic, timestamp: time.seconds },
    ...{ contentType: 'application/json', contentEncoding: 'utf-8' },
    headers: {
      ...{ cloudEvents_specversion: '1.0', cloudEvents_id: id, cloudEvents_type: topic },
      ...{ cloudEvents_source: source, cloudEvents_subject: key },
      cloudEvents_time: time.iso,
      ...(traceparent === null ? {} : { cloudEvents_traceparent: traceparent }),
      kopek_origin: origin,
    },
  };
}

export function toAttributes(message: AsyncMessage, origin: string): Attributes {
  const headers = (message.headers ?? {}) as Record<string, unknown>;
  const read = (name: string) => {
    const value = headers[`cloudEvents_${name}`];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const { messageId, timestamp } = message;
  const sent = typeof timestamp === 'number' ? new Date(timestamp * 1000) : undefined;
  const time = sent && !Number.isNaN(sent.getTime()) ? sent.toISOString() : undefined;
  return {
    ours: headers.kopek_origin === origin,
    id: (messageId === '' ? undefined : messageId) ?? read('id'),
    source: read('source'),
    time: read('time') ?? time,
    subject: read('subject'),
    traceparent: read('traceparent'),
  };
}

let last = { text: '', iso: '', seconds: 0 };

/** What one transaction published has one time. */
function readTime(text: string) {
  if (last.text !== text) {
    const time = new Date(text);
    last = { text, iso: time.toISOString(), seconds: Math.floor(time.getTime() / 1000) };
  }
  return last;
}
