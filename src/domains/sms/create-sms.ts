import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database, Executor, Tx } from '#database';
import type { IdSource } from '#ids';
import type { Log } from '#log';
import type { Rules } from '#rules';
import type { Webhooks } from '#webhooks';
import type { Routes, SmsContext } from './context.ts';
import { type EventRow, readHistory } from './event-store.ts';
import {
  type Received,
  type Reception,
  readSender,
  receiveMessage,
  storable,
} from './incoming/index.ts';
import { type OutgoingSms, parseSmsId, smsId } from './message.ts';
import { findMessage, listMessages, type MessageQuery, type SmsRow } from './message-store.ts';
import type { CallbackReading, StatusReport } from './provider.ts';
import { applyReports, createHearing } from './reports/index.ts';
import { createIntake, type Draft, type Intake, registerMessages } from './requests/index.ts';
import { HOUSE_ENTITY } from './sending/index.ts';
import { createEventTeller } from './tell-events.ts';
import {
  cancelMessage,
  countOpen,
  countParked,
  type OpenCount,
  readOldestWaiting,
} from './upkeep/index.ts';

/** The one way to send a message in the house. */
export interface Sms {
  /** Writes messages down, with what the rules say; answers the ids of those that were not asked for before. */
  send(tx: Tx, messages: readonly OutgoingSms[]): Promise<readonly string[]>;
  /** Stores what a customer sent and publishes it; a repeated delivery changes nothing. */
  receive(message: Received): Promise<Reception>;
  /** Stores all that a provider said: when it resolves the provider may be answered. */
  hear(provider: string, said: Omit<CallbackReading, 'reply'>): Promise<void>;
  /** The state of a message and why; undefined when there is none. */
  find(sms: string): Promise<SmsRow | undefined>;
  list(query: MessageQuery): Promise<readonly SmsRow[]>;
  /** Oldest first, with the decisions of the rules. */
  history(executor: Executor, sms: string): Promise<readonly EventRow[]>;
  /** Throws `sms_unknown` and `sms_ended`. */
  cancel(tx: Tx, sms: string): Promise<SmsRow>;
  /** Takes messages of callers of the API. */
  readonly intake: Intake;
  /** For those who watch it: see count-store. */
  openByState(): Promise<readonly OpenCount[]>;
  oldestWaitingSeconds(): Promise<number>;
  parkedReports(): Promise<number>;
  /** What its workers stand on. */
  readonly context: SmsContext;
  drain(): Promise<void>;
}

export interface SmsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly rules: Rules;
  readonly webhooks: Webhooks;
  readonly routes: Routes;
}

export function createSms(options: SmsOptions): Sms {
  const { database } = options;
  const teller = createEventTeller(options);
  const context: SmsContext = { ...options, teller };
  const intake = createIntake(context);
  const hearing = createHearing(context);
  return {
    context,
    intake,
    async send(tx, messages) {
      const registered = await registerMessages(context, tx, messages.map(toDraft));
      return registered.flatMap(({ row }) => (row ? [smsId(row.id)] : []));
    },
    receive: (message) => database.transaction((tx) => receiveMessage(context, tx, message)),
    hear(provider, { incoming, reports }) {
      if (incoming.length === 0) return hearing.hear(provider, reports.map(toStorable));
      return database.transaction(async (tx) => {
        await applyReports(context, tx, { provider, reports: reports.map(toStorable) });
        // By their ids: a provider that repeats itself may do so in another order, and at once.
        const sorted = incoming.toSorted((one, other) => (one.id < other.id ? -1 : 1));
        for (const { from, id, text, to } of sorted)
          await receiveMessage(context, tx, {
            ...{ provider, id: storable(id), msisdn: readSender(from) },
            ...{ shortCode: storable(to), text: storable(text) },
          });
      });
    },
    find: (sms) => findMessage(database.pool, parseSmsId(sms)),
    list: (query) => listMessages(database.pool, query),
    history: (executor, sms) => readHistory(executor, parseSmsId(sms)),
    cancel: (tx, sms) => cancelMessage(context, tx, parseSmsId(sms)),
    openByState: () => countOpen(database.pool),
    oldestWaitingSeconds: () => readOldestWaiting(database.pool, context.clock.now()),
    parkedReports: () => countParked(database.pool),
    async drain() {
      await Promise.all([intake.drain(), hearing.drain()]);
    },
  };
}

/** What a provider says is kept, whatever letters it is made of: refused, it would only be said again. */
function toStorable({ reason, ...report }: StatusReport): StatusReport {
  return {
    ...report,
    providerMessageId: storable(report.providerMessageId),
    ...(reason === undefined ? {} : { reason: storable(reason) }),
  };
}

function toDraft(message: OutgoingSms): Draft {
  const { body, dedupeKey, entity, expiresAt, kind, provider, recipient, reference, sender } =
    message;
  return {
    ...{ origin: 'house', entity: entity ?? HOUSE_ENTITY, person: null },
    ...{
      recipient,
      sender,
      body,
      kind,
      expiresAt,
      wanted: provider === undefined ? null : [provider],
    },
    class: message.class ?? (kind === 'pin' ? 'auth' : 'transaction'),
    secret: message.secret ?? false,
    priority: message.priority ?? 0,
    reference: reference ?? null,
    dedupeKey: dedupeKey ?? null,
    ...{ clientReference: null, fingerprint: null, callbackUrl: null, notBefore: null },
    facts: message.timeZone === undefined ? null : { timeZone: message.timeZone },
  };
}
