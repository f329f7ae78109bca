import type { Sealer } from '#auth';
import type { Tx } from '#database';
import { bodyOf, type WebhookEvent } from './event.ts';
import { readReceiverUrl } from './receiver-address.ts';
import { sealNewSecret } from './secrets.ts';
import { insertDeliveries, type NewDelivery } from './store-deliveries.ts';
import { findCallbacks, insertEndpoints, type Origin, takeEndpointIds } from './store-endpoints.ts';

export interface EnqueueContext {
  readonly sealer: Sealer;
  readonly now: Date;
  readonly giveUpAt: Date;
}

/**
 * Callbacks first: an origin that is new becomes a row of its own before anything refers to it. Answers what it wrote, as soon
 * as `tx` has committed.
 */
export async function enqueueEvents(
  tx: Tx,
  events: readonly WebhookEvent[],
  context: EnqueueContext,
): Promise<readonly { readonly id: bigint }[]> {
  if (events.length === 0) return [];
  const callbacks = await callbackIds(tx, events, context);
  const deliveries = events.flatMap((event): NewDelivery[] => {
    const told = {
      ...{ scope: event.scope, eventId: event.id, type: event.type, key: event.key },
      ...{ body: bodyOf(event), endpointId: null, url: null },
    };
    if (event.callbackUrl === undefined) return [told];
    const endpointId = callbacks.get(keyOf(originOf(event.scope, event.callbackUrl))) ?? null;
    return [told, { ...told, endpointId, url: readReceiverUrl(event.callbackUrl).href }];
  });
  return insertDeliveries(tx, deliveries, context);
}

async function callbackIds(
  tx: Tx,
  events: readonly WebhookEvent[],
  context: EnqueueContext,
): Promise<ReadonlyMap<string, bigint>> {
  const origins = new Map<string, Origin>();
  for (const { callbackUrl, scope } of events) {
    if (callbackUrl === undefined) continue;
    const origin = originOf(scope, callbackUrl);
    origins.set(keyOf(origin), origin);
  }
  if (origins.size === 0) return new Map();
  const known = await idsOf(tx, [...origins.values()]);
  const missing = [...origins.values()].filter((origin) => !known.has(keyOf(origin)));
  if (missing.length === 0) return known;
  await insertCallbacks(tx, missing, context);
  // Read again: of two that met a new origin at once only one has written it.
  return idsOf(tx, [...origins.values()]);
}

async function insertCallbacks(
  tx: Tx,
  origins: readonly Origin[],
  { now, sealer }: EnqueueContext,
): Promise<void> {
  const ids = await takeEndpointIds(tx, origins.length);
  const endpoints = origins.map((origin, at) => {
    const id = ids[at] ?? 0n;
    const secret = sealNewSecret(sealer, id).stored;
    return { ...origin, id, kind: 'callback' as const, eventTypes: [], description: '', secret };
  });
  await insertEndpoints(tx, endpoints, now);
}

async function idsOf(tx: Tx, origins: readonly Origin[]): Promise<ReadonlyMap<string, bigint>> {
  const found = await findCallbacks(tx, origins);
  return new Map(found.map((one) => [keyOf(one), one.id]));
}

function originOf(scope: string, callbackUrl: string): Origin {
  return { scope, url: readReceiverUrl(callbackUrl, 'callback URL').origin };
}

function keyOf({ scope, url }: Origin): string {
  return `${url} ${scope}`;
}
