import type { Bus, Consumer, Group } from '#bus';
import type { Clock } from '#clock';
import { afterCommit, type Database, isTransient, type Tx } from '#database';
import { type IdSource, uuidV7 } from '#ids';
import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators } from '#operators';
import { createOutbound, type Outbound } from '#outbound';
import type { SavedCards } from '#payments/cards';
import { type Charged, toOrder, toRefundOrder } from '#payments/charged';
import type { Gateway } from '#payments/gateway';
import { parsePaymentId } from '#payments/payment';
import { postUnposted } from '#payments/posting';
import {
  adoptClaimed,
  claimPayments,
  closeUnsendable,
  markSending,
  type PaymentRow,
} from '#payments/store';
import { type PaymentRequest, paymentRequests } from '#payments/topics';
import { createInquirer } from './inquire-payments.ts';
import { createRecorder, type Recorder } from './record-outcomes.ts';

/** Takes charges and refunds off `{gateway}_requests`, makes them, and publishes what came of them. */
export interface ChargeWorker {
  start(): void;
  /** Answers how many charges were left without an answer: they will count as unknown. */
  stop(): Promise<{ readonly unanswered: number }>;
}

export interface ChargeWorkerOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  readonly ledger: Ledger;
  readonly gateway: Gateway;
  /** Where cards that their holders leave are kept; absent for gateways that know none. */
  readonly cards?: Pick<SavedCards, 'keep'>;
  /** `chargeGroup` of the gateway unless told. */
  readonly group?: Group<PaymentRequest>;
}

/** What waits for its turn in a worker must be begun within this, or somebody else takes it over. */
const CLAIM_LEASE_MS = 15_000;
/** A worker holds at most two seconds' worth of its rate. */
const HOLD_SECONDS = 2;
const HOLD_MOST = 1500;
const BATCH_SIZE = 400;
const SWEEP_INTERVAL_MS = 1000;
const STOP_PATIENCE_MS = 3500;
/** Nobody waits for the answer of a card that is charged by itself: sets may be larger. */
const CARDS_GATHER_MS = 80;

export function chargeGroup(gateway: string): Group<PaymentRequest> {
  return { topic: paymentRequests(gateway), name: 'telco' };
}

/** Of a card gateway. */
export function cardChargeGroup(gateway: string): Group<PaymentRequest> {
  return { topic: paymentRequests(gateway), name: 'state-machine' };
}

export function createChargeWorker(options: ChargeWorkerOptions): ChargeWorker {
  const { bus, clock, database, gateway, log } = options;
  const owner = uuidV7();
  const recorder = createRecorder(options);
  const inquirer = createInquirer({ ...options, recorder });
  const watch = createWatch(gateway);
  let consumer: Consumer | undefined;
  let sweeper: { stop(): Promise<void> } | undefined;

  const outbound: Outbound<PaymentRow> = createOutbound<PaymentRow, Charged>({
    log,
    take: gateway.take,
    begin: (jobs) => watch.begin(() => begin(options, { owner, jobs, recorder })),
    call: watch.call,
    ...(options.cards && { gatherMs: CARDS_GATHER_MS }),
    record: (charged) => recorder.record(charged),
    holdMost: () => Math.min(HOLD_MOST, Math.ceil(gateway.chargesPerSecond() * HOLD_SECONDS)),
  });

  async function claim(tx: Tx, requests: readonly PaymentRequest[]): Promise<void> {
    const parsed = requests.map((request) => parsePaymentId(request.payment));
    const rows = await claimPayments(tx, {
      keys: { customers: parsed.map((key) => key.customerId), ids: parsed.map((key) => key.id) },
      ...{ owner, leaseMs: CLAIM_LEASE_MS, now: clock.now() },
    });
    const expired = rows.filter((row) => row.state === 'expired');
    if (expired.length > 0) await recorder.publishEnds(tx, expired, []);
    // In the order of the requests: whoever was first in the queue is first in the hand.
    const place = new Map(parsed.map((key, index) => [key.id, index]));
    const claimed = rows
      .filter((row) => row.state === 'claimed')
      .sort((left, right) => (place.get(left.id) ?? 0) - (place.get(right.id) ?? 0));
    afterCommit(tx, () => outbound.push(claimed));
  }

  async function sweep(): Promise<void> {
    try {
      await recorder.loseAnswers();
      await postUnposted(options);
      const most = outbound.room();
      if (most > 0 && gateway.admits()) {
        const rows = await database.transaction((tx) =>
          adoptClaimed(tx, { gateway: gateway.name, owner, leaseMs: CLAIM_LEASE_MS, most }),
        );
        outbound.push(rows);
      }
      await inquirer.askDue();
    } catch (error) {
      if (!isTransient(error))
        log.error({ err: error }, 'the search for what was left behind failed');
    }
  }

  return {
    start() {
      consumer = bus.consume(
        options.group ?? chargeGroup(gateway.name),
        {
          batchSize: BATCH_SIZE,
          concurrency: 2,
          room: () => (gateway.admits() ? outbound.room() : 0),
        },
        async (tx, messages) =>
          claim(
            tx,
            messages.map((message) => message.payload),
          ),
      );
      sweeper = repeat(sweep);
    },
    async stop() {
      const swept = sweeper?.stop();
      await consumer?.stop();
      const [left] = await Promise.all([outbound.stop(STOP_PATIENCE_MS), swept]);
      return left;
    },
  };
}

/** Charges or gives back, and knows when each began by this process's own watch. */
function createWatch(gateway: Gateway) {
  const beganAt = new WeakMap<PaymentRow, number>();
  return {
    async begin(work: () => Promise<PaymentRow[]>): Promise<PaymentRow[]> {
      const beganMs = performance.now();
      const begun = await work();
      for (const row of begun) beganAt.set(row, beganMs);
      return begun;
    },
    async call(row: PaymentRow): Promise<Charged> {
      const beganMs = beganAt.get(row) ?? performance.now();
      const refund = toRefundOrder(row);
      const said = refund
        ? await gateway.refund(refund, beganMs)
        : await gateway.charge(toOrder(row), beganMs);
      return { row, said };
    },
  };
}

/** One after the other, every second. A stop does not wait for inquiries that get no answer: they are put again. */
function repeat(sweep: () => Promise<void>): { stop(): Promise<void> } {
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    sweeping ??= sweep().finally(() => {
      sweeping = undefined;
    });
  }, SWEEP_INTERVAL_MS);
  return {
    async stop() {
      clearInterval(timer);
      const patience = new Promise<void>((resolve) => {
        setTimeout(resolve, STOP_PATIENCE_MS).unref();
      });
      await Promise.race([sweeping, patience]);
    },
  };
}

interface Beginning {
  readonly owner: string;
  readonly jobs: readonly PaymentRow[];
  readonly recorder: Recorder;
}

async function begin(options: ChargeWorkerOptions, beginning: Beginning): Promise<PaymentRow[]> {
  const { clock, database, gateway } = options;
  const { jobs, owner } = beginning;
  const keys = { customers: jobs.map((job) => job.customer_id), ids: jobs.map((job) => job.id) };
  const now = clock.now();
  const begun = await markSending(database.pool, {
    keys,
    owner,
    leaseMs: gateway.longestMs(),
    now,
  });
  if (begun.length < jobs.length) await closeTheRest(options, beginning, now);
  return begun;
}

/** Those that were not begun were withdrawn, or are too late, or their number has come onto a list. */
async function closeTheRest(
  { database, operators }: ChargeWorkerOptions,
  { jobs, owner, recorder }: Beginning,
  now: Date,
): Promise<void> {
  const keys = { customers: jobs.map((job) => job.customer_id), ids: jobs.map((job) => job.id) };
  await database.transaction(async (tx) => {
    const lists = await operators.listed(
      tx,
      jobs.map((job) => job.msisdn),
    );
    const closed = await closeUnsendable(tx, {
      ...{ keys, owner, now, listed: [...lists.keys()] },
      reasons: [...lists.values()].map((list) =>
        list === 'postpaid' ? 'postpaid_not_allowed' : 'blacklisted',
      ),
    });
    if (closed.length > 0) await recorder.publishEnds(tx, closed, []);
  });
}
