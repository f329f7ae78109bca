import type { Bus, Consumer, Group } from '#bus';
import type { Clock } from '#clock';
import { afterCommit, type Database, isTransient } from '#database';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import { createOutbound } from '#outbound';
import { parseSmsId, smsId } from './message.ts';
import type { SmsLine, SmsOrder } from './provider.ts';
import { createMessageRecorder, type MessageRecorder, type Sent } from './record-messages.ts';
import {
  adoptClaimed,
  claimMessages,
  expireClaimed,
  markSubmitting,
  type SmsRow,
} from './store.ts';
import { type SmsRequest, smsRequests } from './topics.ts';

/** Takes messages off `{provider}_sms_requests` and brings them to handsets, each at most once. */
export interface SendWorker {
  start(): void;
  stop(): Promise<{ readonly unanswered: number }>;
}

export interface SendWorkerOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly line: SmsLine;
}

const CLAIM_LEASE_MS = 15_000;
const HOLD_SECONDS = 2;
const HOLD_MOST = 400;
const BATCH_SIZE = 200;
const SWEEP_INTERVAL_MS = 1000;
const STOP_PATIENCE_MS = 3500;

export function sendGroup(provider: string): Group<SmsRequest> {
  return { topic: smsRequests(provider), name: 'telco' };
}

export function createSendWorker(options: SendWorkerOptions): SendWorker {
  const { bus, clock, database, line, log } = options;
  const { provider } = line;
  const owner = uuidV7();
  const recorder = createMessageRecorder({ ...options, provider });
  let consumer: Consumer | undefined;
  let sweeper: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();

  const outbound = createOutbound<SmsRow, Sent>({
    log,
    take: line.take,
    begin: (jobs) => begin(options, { owner, jobs, recorder }),
    call: async (row) => {
      const answer = await provider.send(toOrder(row));
      line.heard(answer.result);
      return { row, ...answer };
    },
    record: (sent) => recorder.record(sent),
    holdMost: () => Math.min(HOLD_MOST, Math.ceil(line.perSecond() * HOLD_SECONDS)),
  });

  async function sweep(): Promise<void> {
    try {
      const lost = await recorder.loseAnswers();
      if (lost > 0) log.warn({ messages: lost }, 'messages were under way when their worker died');
      const most = outbound.room();
      if (most === 0 || !line.admits()) return;
      const rows = await database.transaction((tx) =>
        adoptClaimed(tx, { provider: provider.name, owner, leaseMs: CLAIM_LEASE_MS, most }),
      );
      outbound.push(rows);
    } catch (error) {
      if (!isTransient(error)) log.error({ err: error }, 'the search for lost messages failed');
    }
  }

  return {
    start() {
      consumer = bus.consume(
        sendGroup(provider.name),
        { batchSize: BATCH_SIZE, room: () => (line.admits() ? outbound.room() : 0) },
        async (tx, messages) => {
          const ids = messages.map((message) => parseSmsId(message.payload.sms));
          const rows = await claimMessages(tx, {
            ids,
            owner,
            leaseMs: CLAIM_LEASE_MS,
            now: clock.now(),
          });
          const expired = rows.filter((row) => row.state === 'expired');
          if (expired.length > 0) await recorder.publish(tx, expired, []);
          afterCommit(tx, () => outbound.push(rows.filter((row) => row.state === 'claimed')));
        },
      );
      let busy = false;
      sweeper = setInterval(() => {
        if (busy) return;
        busy = true;
        sweeping = sweep().finally(() => {
          busy = false;
        });
      }, SWEEP_INTERVAL_MS);
    },
    async stop() {
      clearInterval(sweeper);
      await consumer?.stop();
      await sweeping;
      return outbound.stop(STOP_PATIENCE_MS);
    },
  };
}

function toOrder(row: SmsRow): SmsOrder {
  return {
    sms: smsId(row.id),
    attempt: row.attempts,
    priority: row.priority,
    validUntil: row.expires_at,
    recipient: row.recipient,
    sender: row.sender,
    body: row.body,
    secret: row.secret,
  };
}

interface Beginning {
  readonly owner: string;
  readonly jobs: readonly SmsRow[];
  readonly recorder: MessageRecorder;
}

async function begin(
  { clock, database, line }: SendWorkerOptions,
  { owner, jobs, recorder }: Beginning,
): Promise<SmsRow[]> {
  const ids = jobs.map((job) => job.id);
  const now = clock.now();
  const begun = await markSubmitting(database.pool, {
    ids,
    owner,
    leaseMs: line.provider.longestMs(),
    now,
  });
  if (begun.length < jobs.length) {
    await database.transaction(async (tx) => {
      const expired = await expireClaimed(tx, { ids, owner, now });
      if (expired.length > 0) await recorder.publish(tx, expired, []);
    });
  }
  return begun;
}
