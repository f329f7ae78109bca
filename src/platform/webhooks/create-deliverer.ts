import { randomUUID } from 'node:crypto';
import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import { createOutbound } from '#outbound';
import { createClaimLoop } from './claim-loop.ts';
import type { Webhooks } from './create-webhooks.ts';
import { createConversation, type HeardResult, type Job } from './deliver.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createAddressGuard } from './receiver-address.ts';
import { createSecretReader } from './secrets.ts';
import { createSender } from './send-delivery.ts';
import { type BreakerPolicy, claimDeliveries, leaveHand } from './store-claims.ts';

export interface WebhookDelivererOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sealer: Sealer;
  /** Of this process: what it enqueues is sent at once, and not at the next look. */
  readonly webhooks?: Webhooks;
  /** Private addresses that may be called all the same; none unless told. */
  readonly privateRanges?: readonly string[];
  readonly timeoutMs?: number;
  /** Calls under way at one endpoint, over all processes. */
  readonly perEndpoint?: number;
  /** Calls under way of this process. */
  readonly concurrency?: number;
  /** How often it looks when it has nothing to do. */
  readonly intervalMs?: number;
  /** How long ended deliveries and their attempts are kept. */
  readonly keepDays?: number;
  readonly breaker?: Partial<BreakerPolicy>;
}

/** The worker that sends what is due. As many copies as wanted. */
export interface WebhookDeliverer {
  start(): void;
  /** Claims nothing more and waits a moment for calls under way; what is left is sent again after its lease. */
  stop(): Promise<void>;
}

/** Standard Webhooks advises 15 to 30 seconds. */
const TIMEOUT_MS = 15_000;
const PER_ENDPOINT = 64;
const CONCURRENCY = 512;
const INTERVAL_MS = 250;
const KEEP_DAYS = 30;
/** Beyond the time of a call: for the queue before it and the record behind it. */
const LEASE_MARGIN_MS = 15_000;
const STOP_PATIENCE_MS = 3500;
const BREAKER: BreakerPolicy = { failuresMax: 10, openMs: 2000, openMostMs: 60_000 };

export function createWebhookDeliverer(options: WebhookDelivererOptions): WebhookDeliverer {
  const { clock, database, log, metrics, concurrency = CONCURRENCY } = options;
  const { intervalMs = INTERVAL_MS, perEndpoint = PER_ENDPOINT, timeoutMs = TIMEOUT_MS } = options;
  const policy = { ...BREAKER, ...options.breaker };
  const leaseMs = timeoutMs + LEASE_MARGIN_MS;
  const secretsOf = createSecretReader(options.sealer);
  const sender = createSender({ guard: createAddressGuard(options.privateRanges), timeoutMs });
  const conversation = createConversation({ clock, database, log, metrics, policy, sender });
  const housekeeping = createHousekeeping({
    ...{ clock, database, log, metrics },
    ...{ keepDays: options.keepDays ?? KEEP_DAYS, failuresMax: policy.failuresMax },
  });
  const hand = createHand();
  let lackedRoom = false;
  const outbound = createOutbound<Job, HeardResult>({
    ...{ log, concurrency },
    take: async (most) => most,
    // The claim has marked them. One that waited so long that its lease could end in its call is left to whoever is next.
    async begin(jobs) {
      const atMs = performance.now();
      hand.drop(jobs.filter(({ beforeMs }) => beforeMs <= atMs));
      return jobs.filter(({ beforeMs }) => beforeMs > atMs);
    },
    call: (job) => conversation.call(job).finally(() => hand.drop([job])),
    async record(results) {
      // Whoever found nothing to claim finds something now only where that is so.
      if ((await conversation.record(results)) || lackedRoom) loop.freed();
    },
    holdMost: () => concurrency,
  });

  /** Answers how many it took. */
  async function claim(): Promise<number> {
    const most = outbound.room();
    lackedRoom = most === 0 || hand.hasAny(perEndpoint);
    if (most === 0) return 0;
    const beforeMs = performance.now() + leaseMs - timeoutMs;
    const asked = {
      ...{ worker: hand.worker, held: hand.held, owner: randomUUID(), leaseMs },
      ...{ now: clock.now(), most, perEndpoint, failuresMax: policy.failuresMax },
    };
    const { deliveries, secrets } = await claimDeliveries(database.pool, asked);
    const jobs = deliveries.map((delivery): Job => {
      const { endpointId, url } = delivery;
      const stored = secrets.get(endpointId) ?? [];
      return { delivery, beforeMs, url, secrets: () => secretsOf(endpointId, stored, clock.now()) };
    });
    hand.take(jobs);
    outbound.push(jobs);
    return jobs.length;
  }

  const loop = createClaimLoop({ claim, intervalMs, log });
  const deafen = options.webhooks?.onEnqueued(loop.enqueued);
  return {
    start() {
      loop.start();
      housekeeping.start();
    },
    async stop() {
      deafen?.();
      await loop.stop();
      await housekeeping.stop();
      await outbound.stop(STOP_PATIENCE_MS);
      await sender.close();
      // Where the database is away its word becomes old by itself.
      if (hand.held.size === 0) await leaveHand(database.pool, hand.worker).catch(() => {});
    },
  };
}

/** How much of each endpoint is in the hand of this worker, as its claims tell the others. */
function createHand() {
  const held = new Map<bigint, number>();
  const change = (endpointId: bigint, by: number) => {
    const left = (held.get(endpointId) ?? 0) + by;
    if (left > 0) held.set(endpointId, left);
    else held.delete(endpointId);
  };
  return {
    worker: randomUUID(),
    held: held as ReadonlyMap<bigint, number>,
    hasAny: (count: number) => [...held.values()].some((one) => one >= count),
    take(jobs: readonly Job[]): void {
      for (const { delivery } of jobs) change(delivery.endpointId, 1);
    },
    drop(jobs: readonly Job[]): void {
      for (const { delivery } of jobs) change(delivery.endpointId, -1);
    },
  };
}
