import { fail } from './errors.ts';

/** Who hears of events. */
export interface WebhookEndpoint {
  readonly id: bigint;
  /** Whose it is: only events of this scope go to it. */
  readonly scope: string;
  readonly kind: EndpointKind;
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly description: string;
  readonly enabled: boolean;
  readonly disabledReason: string | undefined;
  /** Failures in a row that say that the receiver is down. */
  readonly failures: number;
  /** Its breaker is open: nothing is sent to it before this moment of real time. */
  readonly openUntil: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** `callback` stands for an origin that single events name; it hears only those. */
export type EndpointKind = 'endpoint' | 'callback';

/** A signing secret as it is stored, sealed. Without an end it is the one that was made last. */
export interface StoredSecret {
  readonly sealed: string;
  readonly until: string | null;
}

export const EVENT_TYPES_MAX = 50;
/** As the specification advises: parts of letters, digits and underscores between dots. */
const EVENT_TYPE = /^[a-z0-9_]+(\.[a-z0-9_]+)*$/;
const EVENT_GROUP = /^[a-z0-9_]+\.\*$/;

export function isEventType(text: string): boolean {
  return EVENT_TYPE.test(text);
}

/** Types, groups such as `message.*`, or `*` for all. Throws `webhook_event_types_invalid`, naming the odd one. */
export function readEventTypes(types: readonly string[]): readonly string[] {
  const odd = types.findIndex(
    (type) => type !== '*' && !EVENT_TYPE.test(type) && !EVENT_GROUP.test(type),
  );
  if (odd >= 0) {
    throw fail(
      'webhook_event_types_invalid',
      `${types[odd]} is no event type. Name a type such as message.delivered, a group such as message.*, or * for all.`,
      { faults: [{ field: `event_types.${odd}`, message: 'a type, a group or *' }] },
    );
  }
  return [...new Set(types)];
}

/** What a sealed secret of this endpoint belongs to. */
export function secretOwner(endpointId: bigint): string {
  return `webhook_endpoint/${endpointId}/secret`;
}
