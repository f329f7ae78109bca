import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import type { IdSource } from '#ids';
import { type OutgoingSms, parseSmsId, smsId } from './message.ts';
import { toEvent } from './record-messages.ts';
import { findMessage, insertIncoming, insertMessages } from './store.ts';
import { type IncomingSms, incomingSms, smsEvents, smsRequests } from './topics.ts';

/** The one way to send a message in the house. */
export interface Sms {
  /** Writes messages down and queues them; answers the ids of those that were not asked for before. */
  send(tx: Tx, messages: readonly OutgoingSms[]): Promise<readonly string[]>;
  /** Stores what a customer sent and publishes it; a repeated delivery changes nothing. */
  receive(message: Omit<IncomingSms, 'at'>): Promise<{ readonly outcome: 'received' | 'repeated' }>;
  /** The state of a message and why; undefined when there is none. */
  find(sms: string): Promise<{ readonly state: string; readonly error: string | null } | undefined>;
}

export interface SmsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export function createSms(options: SmsOptions): Sms {
  const { bus, clock, database, ids } = options;
  return {
    async send(tx, messages) {
      if (messages.length === 0) return [];
      const now = clock.now();
      const rows = await insertMessages(tx, {
        messages: messages.map((message) => ({ ...message, id: ids.next(now.getTime()) })),
        now,
      });
      const byProvider = Map.groupBy(rows, (row) => row.provider);
      await bus.publishAll(tx, [
        ...[...byProvider].map(([provider, some]) =>
          parcel(
            smsRequests(provider),
            some.map((row) => ({
              key: row.recipient,
              priority: row.priority,
              payload: { sms: smsId(row.id) },
            })),
          ),
        ),
        parcel(
          smsEvents,
          rows.map((row) => ({ key: row.recipient, payload: toEvent(row, now.toISOString()) })),
        ),
      ]);
      return rows.map((row) => smsId(row.id));
    },

    async receive(message) {
      const now = clock.now();
      return database.transaction(async (tx) => {
        const isNew = await insertIncoming(tx, {
          provider: message.operator,
          id: message.id,
          sender: message.msisdn,
          shortCode: message.short_code,
          body: message.text,
          receivedAt: now,
        });
        if (!isNew) return { outcome: 'repeated' };
        const at = now.toISOString();
        await bus.publishAll(tx, [
          parcel(incomingSms(message.operator), [
            { key: message.msisdn, payload: { ...message, at } },
          ]),
          parcel(smsEvents, [
            {
              key: message.msisdn,
              payload: {
                ...{
                  event: 'received',
                  sms: `${message.operator}:${message.id}`,
                  kind: 'incoming',
                },
                ...{ msisdn: message.msisdn, text: message.text, at },
              },
            },
          ]),
        ]);
        return { outcome: 'received' };
      });
    },

    async find(sms) {
      const row = await findMessage(database.pool, parseSmsId(sms));
      return row && { state: row.state, error: row.error };
    },
  };
}
