import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import { afterCommit, type Database, type Tx } from '#database';
import { uuidV7 } from '#ids';
import { type EndpointKind, readEventTypes, type WebhookEndpoint } from './endpoint.ts';
import { enqueueEvents } from './enqueue-events.ts';
import { fail } from './errors.ts';
import { bodyOf, type WebhookEvent } from './event.ts';
import { readReceiverUrl } from './receiver-address.ts';
import { rotateSecrets, sealNewSecret } from './secrets.ts';
import * as deliveries from './store-deliveries.ts';
import * as endpoints from './store-endpoints.ts';

export interface WebhooksOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly sealer: Sealer;
}

/** An endpoint of a scope: whoever asks names both, so that nobody meets another's. */
export interface EndpointRef {
  readonly scope: string;
  readonly id: bigint;
}

export interface EndpointWish {
  readonly scope: string;
  readonly kind: EndpointKind;
  /** Of a callback any URL of the origin. */
  readonly url: string;
  readonly eventTypes: readonly string[];
  readonly description: string;
}

/** A delivery with its body and its last attempts, the newest first. */
export interface ShownDelivery extends deliveries.WebhookDelivery {
  readonly body: string;
  readonly log: readonly deliveries.DeliveryAttempt[];
}

/** Outgoing webhooks by the Standard Webhooks specification: whom to tell, and what is still to be told. */
export interface Webhooks {
  /**
   * Tells each event to all endpoints of its scope that want its type, and to its own callback URL, if and only if `tx`
   * commits. Enqueued again under the same id, an event goes nowhere twice.
   */
  enqueue(tx: Tx, events: readonly WebhookEvent[]): Promise<void>;
  /** `secret` is shown here and never again. Throws `webhook_url_invalid`, `webhook_event_types_invalid`, `webhook_callback_known`. */
  createEndpoint(
    wish: EndpointWish,
  ): Promise<{ readonly endpoint: WebhookEndpoint; readonly secret: string }>;
  endpoints(asked: {
    readonly scope: string;
    readonly after?: bigint;
    readonly limit: number;
  }): Promise<readonly WebhookEndpoint[]>;
  /** These throw `webhook_endpoint_unknown`. */
  endpoint(ref: EndpointRef): Promise<WebhookEndpoint>;
  changeEndpoint(ref: EndpointRef, change: endpoints.EndpointChange): Promise<WebhookEndpoint>;
  deleteEndpoint(ref: EndpointRef): Promise<void>;
  /** The former secret goes on signing beside the new one for so long. */
  rotateSecret(ref: EndpointRef, overlapMs: number): Promise<{ readonly secret: string }>;
  /** Sends an event `webhook.test`; answers its delivery. */
  sendTest(ref: EndpointRef): Promise<bigint>;
  deliveries: (
    asked: deliveries.DeliveryFilter & { readonly before?: bigint; readonly limit: number },
  ) => Promise<readonly deliveries.WebhookDelivery[]>;
  /** Throws `webhook_delivery_unknown`. */
  delivery(ref: EndpointRef): Promise<ShownDelivery>;
  /** Throws `webhook_delivery_unknown`, or `webhook_delivery_waiting` where it is still on its way. */
  replay(ref: EndpointRef): Promise<void>;
  /** Replays ended ones that match, the oldest first, so many at most; answers how many. Asked again it goes on. */
  replayAll(asked: deliveries.DeliveryFilter & { readonly limit: number }): Promise<number>;
  /** Calls `listener` when this process has enqueued something; answers how to stop that. */
  onEnqueued(listener: () => void): () => void;
}

const DAY_MS = 86_400_000;
/** For so long, by business time, a delivery is tried. */
export const DELIVERY_DAYS = 3;
const ATTEMPTS_SHOWN_MAX = 100;
const TEST_TYPE = 'webhook.test';

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { clock, database, sealer } = options;
  const { pool } = database;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const moment = () => {
    const now = clock.now();
    return { now, giveUpAt: new Date(now.getTime() + DELIVERY_DAYS * DAY_MS) };
  };
  return {
    ...endpointCases(options),
    async enqueue(tx, events) {
      const written = await enqueueEvents(tx, events, { ...moment(), sealer });
      afterCommit(tx, () => {
        if (written.length > 0) tell();
      });
    },
    async sendTest(ref) {
      const { id: endpointId, scope } = known(await endpoints.findEndpoint(pool, ref));
      const eventId = `evt_${uuidV7(clock.nowMs()).replaceAll('-', '')}`;
      const event = { id: eventId, scope, type: TEST_TYPE, key: eventId, occurredAt: clock.now() };
      const body = bodyOf({ ...event, data: { endpoint: String(endpointId) } });
      const row = { scope, eventId, type: TEST_TYPE, key: eventId, body, endpointId, url: null };
      const [written] = await deliveries.insertDeliveries(pool, [row], moment());
      tell();
      return written?.id ?? 0n;
    },
    deliveries: (asked) => deliveries.listDeliveries(pool, asked),
    async delivery(ref) {
      const found = await deliveries.findDelivery(pool, ref);
      if (!found) throw deliveryUnknown();
      const log = await deliveries.listAttempts(pool, {
        deliveryId: ref.id,
        limit: ATTEMPTS_SHOWN_MAX,
      });
      return { ...found, log };
    },
    async replay(ref) {
      const count = await deliveries.replayDeliveries(pool, { ...ref, limit: 1 }, moment());
      if (count === 0)
        throw (await deliveries.findDelivery(pool, ref)) ? stillWaiting() : deliveryUnknown();
      tell();
    },
    async replayAll(asked) {
      const count = await deliveries.replayDeliveries(pool, asked, moment());
      if (count > 0) tell();
      return count;
    },
    onEnqueued(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

type EndpointCases = Pick<
  Webhooks,
  'createEndpoint' | 'endpoints' | 'endpoint' | 'changeEndpoint' | 'deleteEndpoint' | 'rotateSecret'
>;

function endpointCases({ clock, database, sealer }: WebhooksOptions): EndpointCases {
  const { pool } = database;
  return {
    async createEndpoint(wish) {
      const url = readReceiverUrl(wish.url);
      const eventTypes = wish.kind === 'callback' ? [] : readEventTypes(wish.eventTypes);
      const [id = 0n] = await endpoints.takeEndpointIds(pool, 1);
      const { text, stored } = sealNewSecret(sealer, id);
      const row = {
        ...wish,
        id,
        eventTypes,
        secret: stored,
        url: wish.kind === 'callback' ? url.origin : url.href,
      };
      const [endpoint] = await endpoints.insertEndpoints(pool, [row], clock.now());
      if (!endpoint) throw callbackKnown(url.origin);
      return { endpoint, secret: text };
    },
    endpoints: (asked) => endpoints.listEndpoints(pool, asked),
    endpoint: async (ref) => known(await endpoints.findEndpoint(pool, ref)),
    async changeEndpoint(ref, { eventTypes, url, ...rest }) {
      const before = known(await endpoints.findEndpoint(pool, ref));
      const read = url === undefined ? undefined : readReceiverUrl(url);
      if (before.kind === 'callback' && (read || eventTypes)) throw callbackFixed();
      const change = {
        ...rest,
        ...(read ? { url: read.href } : {}),
        ...(eventTypes ? { eventTypes: readEventTypes(eventTypes) } : {}),
      };
      return known(await endpoints.changeEndpoint(pool, { ...ref, change }, clock.now()));
    },
    async deleteEndpoint(ref) {
      const deleted = await database.transaction((tx) =>
        endpoints.deleteEndpoint(tx, ref, clock.now()),
      );
      if (!deleted) throw endpointUnknown();
    },
    async rotateSecret(ref, overlapMs) {
      const now = clock.now();
      const { text, stored } = sealNewSecret(sealer, ref.id);
      await database.transaction(async (tx) => {
        const before = known(await endpoints.lockSecrets(tx, ref));
        const formerUntil = new Date(now.getTime() + overlapMs);
        const secrets = rotateSecrets(before, stored, { now, formerUntil });
        await endpoints.writeSecrets(tx, { id: ref.id, secrets }, now);
      });
      return { secret: text };
    },
  };
}

function known<Found>(found: Found | undefined): Found {
  if (found === undefined) throw endpointUnknown();
  return found;
}

function endpointUnknown() {
  return fail('webhook_endpoint_unknown', 'There is no such endpoint.');
}

function deliveryUnknown() {
  return fail('webhook_delivery_unknown', 'There is no such delivery, or it was forgotten.');
}

function stillWaiting() {
  return fail(
    'webhook_delivery_waiting',
    'This delivery is still on its way: it is tried again by itself.',
  );
}

function callbackKnown(origin: string) {
  return fail(
    'webhook_callback_known',
    `Callbacks to ${origin} are known already. Rotate the secret to see one.`,
    {
      faults: [{ field: 'url', message: 'an origin that is not there yet' }],
    },
  );
}

function callbackFixed() {
  return fail(
    'webhook_url_invalid',
    'A callback has no URL and no event types of its own: they come with each event.',
    {
      faults: [{ field: 'url', message: 'can’t be changed' }],
    },
  );
}
