import { Instant, Type } from '#http';
import { formatRowId, parseRowId } from '#ids';
import { EVENT_TYPES_MAX, type WebhookEndpoint } from './endpoint.ts';
import type { DeliveryAttempt, WebhookDelivery } from './store-deliveries.ts';

const ENDPOINT_PREFIX = 'whe';
const DELIVERY_PREFIX = 'whd';

export const Id = Type.String({ minLength: 1, maxLength: 40 });
export const Url = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'Absolute, https or http.',
});
export const EventTypes = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  minItems: 1,
  maxItems: EVENT_TYPES_MAX,
  description: 'Types such as `message.delivered`, groups such as `message.*`, or `*` for all.',
});
export const Description = Type.String({ maxLength: 500 });
export const Kind = Type.Union([Type.Literal('endpoint'), Type.Literal('callback')], {
  description:
    '`endpoint` hears the events that it asks for. `callback` stands for an origin that single requests name as their ' +
    'callback: it is made by itself, or ahead to learn its secret.',
});
export const State = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('delivered'),
  Type.Literal('dead'),
]);

export const EndpointAnswer = Type.Object({
  id: Id,
  kind: Kind,
  url: Url,
  event_types: Type.Array(Type.String()),
  description: Description,
  enabled: Type.Boolean(),
  disabled_reason: Type.Optional(
    Type.String({ description: '`gone`: it answered 410; `asked`: somebody disabled it.' }),
  ),
  failures: Type.Integer({ description: 'Failures in a row that say that the receiver is down.' }),
  paused_until: Type.Optional(Instant),
  created_at: Instant,
  updated_at: Instant,
});

export const Secret = Type.String({
  description: 'Signs what is sent to this endpoint. Shown now and never again.',
});

export const DeliveryAnswer = Type.Object({
  id: Id,
  endpoint: Id,
  webhook_id: Type.String({ description: 'The header `webhook-id`.' }),
  type: Type.String(),
  key: Type.String(),
  url: Url,
  state: State,
  attempts: Type.Integer(),
  next_attempt_at: Type.Optional(Instant),
  last_status: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String({ description: 'Why the last attempt failed.' })),
  created_at: Instant,
  ended_at: Type.Optional(Instant),
});

export const AttemptAnswer = Type.Object({
  attempt: Type.Integer(),
  at: Instant,
  outcome: Type.String({
    description: '`delivered`, or why not; `lost` where our worker ended meanwhile.',
  }),
  status: Type.Optional(Type.Integer()),
  took_ms: Type.Integer(),
  response: Type.String({ description: 'The beginning of the answer.' }),
});

export function formatEndpointId(id: bigint): string {
  return formatRowId(ENDPOINT_PREFIX, id);
}

export function parseEndpointId(text: string, field = 'id'): bigint {
  return parseRowId(ENDPOINT_PREFIX, text, field);
}

export function formatDeliveryId(id: bigint): string {
  return formatRowId(DELIVERY_PREFIX, id);
}

export function parseDeliveryId(text: string): bigint {
  return parseRowId(DELIVERY_PREFIX, text);
}

export function endpointToApi(endpoint: WebhookEndpoint) {
  const { createdAt, description, disabledReason, enabled, eventTypes, failures, id } = endpoint;
  const { kind, openUntil, updatedAt, url } = endpoint;
  return {
    ...{
      id: formatEndpointId(id),
      kind,
      url,
      event_types: eventTypes,
      description,
      enabled,
      failures,
    },
    ...(disabledReason === undefined ? {} : { disabled_reason: disabledReason }),
    ...(openUntil === undefined ? {} : { paused_until: openUntil }),
    ...{ created_at: createdAt, updated_at: updatedAt },
  };
}

export function deliveryToApi(delivery: WebhookDelivery) {
  const { attempts, createdAt, endedAt, endpointId, eventId, id, key } = delivery;
  const { lastStatus, nextAttemptAt, reason, state, type, url } = delivery;
  return {
    ...{ id: formatDeliveryId(id), endpoint: formatEndpointId(endpointId), webhook_id: eventId },
    ...{ type, key, url, state, attempts, created_at: createdAt },
    ...(nextAttemptAt === undefined ? {} : { next_attempt_at: nextAttemptAt }),
    ...(lastStatus === undefined ? {} : { last_status: lastStatus }),
    ...(reason === undefined ? {} : { reason }),
    ...(endedAt === undefined ? {} : { ended_at: endedAt }),
  };
}

export function attemptToApi({ at, attempt, outcome, response, status, tookMs }: DeliveryAttempt) {
  const answered = status === null ? {} : { status };
  return { attempt, at, outcome, ...answered, took_ms: tookMs, response };
}
