import type { Bus, Consumer, Group } from '#bus';
import { afterCommit, isTransient } from '#database';
import { uuidV7 } from '#ids';
import { createOutbound } from '#outbound';
import type { SmsContext } from '#sms/context';
import { storableOutcome } from '#sms/incoming';
import { parseSmsId, smsId } from '#sms/message';
import type { SmsRow } from '#sms/message-store';
import type { SmsLine, SmsOrder } from '#sms/provider';
import { type SmsRequest, smsRequests } from '#sms/topics';
import { adoptClaimed, claimMessages } from '#sms/work-store';
import { beginMessages, type Job } from './begin-messages.ts';
import { loseAnswers, recordAnswers, type Sent, TOO_LATE } from './record-answers.ts';
import { rerouteMessages } from './reroute-messages.ts';

/** Takes messages off `{provider}_sms_requests` and brings them to handsets, each at most once. */
export interface SendWorker {
  start(): void;
  stop(): Promise<{ readonly unanswered: number }>;
}

export interface SendWorkerOptions {
  readonly context: SmsContext;
  readonly bus: Bus;
  readonly line: SmsLine;
  /** `sendGroup` of the provider unless told. */
  readonly group?: Group<SmsRequest>;
}

const CLAIM_LEASE_MS = 15_000;
const HOLD_SECONDS = 2;
const HOLD_MOST = 2000;
const BATCH_SIZE = 400;
/** Behind a set that was small: the next one is the larger for it. */
const LINGER_MS = 20;
const SWEEP_INTERVAL_MS = 1000;
const STOP_PATIENCE_MS = 3500;

/** An operator's own messages are sent where it is charged. */
export function sendGroup(operator: string): Group<SmsRequest> {
  return { topic: smsRequests(operator), name: 'telco' };
}

/** Those of a provider that we have an account with. */
export function accountGroup(provider: string): Group<SmsRequest> {
  return { topic: smsRequests(provider), name: 'sms-sender' };
}

export function createSendWorker({ bus, context, group, line }: SendWorkerOptions): SendWorker {
  const { clock, database, log } = context;
  const { provider } = line;
  const owner = uuidV7();
  let consumer: Consumer | undefined;
  let sweeper: NodeJS.Timeout | undefined;
  let sweeping: Promise<void> = Promise.resolve();
  let rerouted: bigint | undefined;

  const outbound = createOutbound<Job, Sent>({
    log,
    take: line.take,
    begin: (jobs) => beginMessages(context, { jobs, line, owner }),
    call: async ({ leaveByMs, ...job }) => {
      // The wait for a grant of the rate may have been long: never outside its window, and never when taken for lost.
      const isLate = performance.now() >= leaveByMs || validUntilOf(job.row) <= clock.now();
      if (isLate) return { ...job, result: TOO_LATE, log: [] };
      const answer = await provider.send(toOrder(job.row));
      line.heard(answer.result);
      return { ...job, ...answer, result: storableOutcome(answer.result) };
    },
    record: (sent) => recordAnswers(context, provider, sent),
    holdMost: () => Math.min(HOLD_MOST, Math.ceil(line.perSecond() * HOLD_SECONDS)),
  });

  async function sweep(): Promise<void> {
    const lost = await loseAnswers(context, provider);
    if (lost > 0) log.warn({ messages: lost }, 'messages were under way when their worker died');
    if (!line.admits()) {
      rerouted = await rerouteMessages(context, {
        provider: provider.name,
        after: rerouted ?? 0n,
      });
      return;
    }
    rerouted = undefined;
    const most = outbound.room();
    if (most === 0) return;
    const rows = await database.transaction((tx) =>
      adoptClaimed(tx, { provider: provider.name, owner, leaseMs: CLAIM_LEASE_MS, most }),
    );
    outbound.push(rows.map(toJob));
  }

  return {
    start() {
      consumer = bus.consume(
        group ?? sendGroup(provider.name),
        {
          ...{ batchSize: BATCH_SIZE, lingerMs: LINGER_MS },
          room: () => (line.admits() ? outbound.room() : 0),
        },
        async (tx, messages) => {
          const rows = await claimMessages(tx, {
            ids: messages.map((message) => parseSmsId(message.payload.sms)),
            ...{ provider: provider.name, owner, leaseMs: CLAIM_LEASE_MS },
          });
          afterCommit(tx, () => outbound.push(rows.map(toJob)));
        },
      );
      let busy = false;
      sweeper = setInterval(() => {
        if (busy) return;
        busy = true;
        sweeping = sweep()
          .catch((error) => {
            if (!isTransient(error)) log.error({ err: error }, 'the sweep of a sender failed');
          })
          .finally(() => {
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

/** Who else may bring it is said by the rules when it is begun. */
const toJob = (row: SmsRow): Job => ({ row, allowed: [], leaveByMs: 0 });

const validUntilOf = (row: SmsRow) => row.valid_until ?? row.expires_at;

function toOrder(row: SmsRow): SmsOrder {
  return {
    sms: smsId(row.id),
    attempt: row.attempts,
    recipient: row.recipient,
    sender: row.sender,
    body: row.body,
    secret: row.secret,
    priority: row.priority,
    validUntil: validUntilOf(row),
  };
}
