import { type Bus, type Parcel, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { IdSource } from '#ids';
import { type TransactionLogEntry, transactionLog } from '#operators';
import type { TraceLine } from '#rules/decision';
import type { WebhookEvent, Webhooks } from '#webhooks';
import { insertEvents } from './event-store.ts';
import { shownText, smsId } from './message.ts';
import type { SmsRow } from './message-store.ts';
import { type SmsEvent, smsEvents, smsRequests } from './topics.ts';

/** A message that has come to a new state. */
export interface Told {
  readonly row: SmsRow;
  readonly trace?: readonly TraceLine[];
  /** Not to be sent before that; only where it waits for a provider. */
  readonly notBefore?: Date;
}

/** Endpoints hear of the messages of all entities of the house; what other systems hand to a sender is their own. */
export const WEBHOOK_SCOPE = 'kopek';

/** Writes the history of messages, and tells the house, the callers and the senders of it. */
export interface EventTeller {
  /** In the transaction that changed them. Those that are `queued` now are put before their provider. */
  tell(tx: Tx, told: readonly Told[], log?: readonly TransactionLogEntry[]): Promise<void>;
}

export interface EventTellerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly webhooks: Webhooks;
}

export function createEventTeller({ bus, clock, ids, webhooks }: EventTellerOptions): EventTeller {
  return {
    async tell(tx, told, log = []) {
      const now = clock.now();
      const at = now.toISOString();
      const numbered = told.map((one) => ({ ...one, id: ids.next(now.getTime()) }));
      await insertEvents(tx, {
        now,
        events: numbered.map(({ id, row, trace }) => ({
          id,
          messageId: row.id,
          state: row.state,
          provider: row.provider,
          attempt: row.attempts,
          reason: row.error,
          trace: trace === undefined ? null : JSON.stringify(trace),
        })),
      });
      await webhooks.enqueue(
        tx,
        numbered.flatMap(({ id, row }) => toWebhook(row, { id, now })),
      );
      const parcels: Parcel[] = [
        parcel(
          smsEvents,
          told.map(({ row, trace }) => ({ key: row.recipient, payload: toEvent(row, at, trace) })),
        ),
        ...requestsOf(told),
      ];
      if (log.length > 0) {
        const key = log[0]?.reference ?? '';
        parcels.push(parcel(transactionLog, [{ key, payload: { entries: [...log] } }]));
      }
      await bus.publishAll(tx, parcels);
    },
  };
}

function requestsOf(told: readonly Told[]): readonly Parcel[] {
  const queued = told.filter(({ row }) => row.state === 'queued');
  const byProvider = Map.groupBy(queued, ({ row }) => row.provider);
  return [...byProvider].map(([provider, some]) =>
    parcel(
      smsRequests(provider),
      some.map(({ row, notBefore }) => ({
        key: row.recipient,
        priority: row.priority,
        ...(notBefore && { notBefore }),
        payload: { sms: smsId(row.id) },
      })),
    ),
  );
}

export function toEvent(row: SmsRow, at: string, trace?: readonly TraceLine[]): SmsEvent {
  return {
    event: row.state,
    sms: smsId(row.id),
    kind: row.kind,
    msisdn: row.recipient,
    ...(row.reference === null ? {} : { reference: row.reference }),
    ...(row.entity === null ? {} : { entity: row.entity }),
    ...(row.class === null ? {} : { class: row.class }),
    ...(row.provider === '' ? {} : { provider: row.provider }),
    text: shownText(row),
    ...(row.error === null ? {} : { reason: row.error }),
    ...(row.state === 'deferred' && row.not_before
      ? { not_before: row.not_before.toISOString() }
      : {}),
    ...(trace === undefined ? {} : { decision: reasonsOf(trace) }),
    at,
  };
}

/** What decided, as sentences: the history keeps every rule, a line has room for the reason. */
function reasonsOf(trace: readonly TraceLine[]): string[] {
  const decisive = trace.filter(({ result }) => result === 'rejects' || result === 'defers');
  if (decisive.length > 0) return decisive.map(({ rule, text }) => `${rule}: ${text}`);
  const passed = trace.filter(({ result }) => result === 'passes' || result === 'restricts');
  return [`allowed by ${passed.map(({ rule }) => rule).join(', ')}`];
}

/** Whoever sent it hears of it; what the house sends is told on the bus. */
function toWebhook(
  row: SmsRow,
  { id, now }: { readonly id: bigint; readonly now: Date },
): readonly WebhookEvent[] {
  if (row.origin === 'house') return [];
  const sms = smsId(row.id);
  return [
    {
      ...{ id: `evt_${id}`, type: `sms.${row.state}`, key: sms, occurredAt: now },
      scope: row.origin === 'sender' ? `sender:${row.entity}` : WEBHOOK_SCOPE,
      data: {
        ...{ sms, entity: row.entity, recipient: row.recipient, state: row.state },
        ...(row.client_reference === null ? {} : { reference: row.client_reference }),
        ...{ provider: row.provider, segments: row.segments, attempt: row.attempts },
        ...(row.error === null ? {} : { reason: row.error }),
      },
      ...(row.callback_url === null ? {} : { callbackUrl: row.callback_url }),
    },
  ];
}
