import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { createRateLimiter } from '#http';
import type { IdSource } from '#ids';
import type { Operators } from '#operators';
import type { Sms } from '#sms';
import type { SubscriptionEvent, Subscriptions } from '#subscriptions';
import { deliverItems } from './deliver-items.ts';
import { checkItem, type Item } from './item.ts';
import { lookAtDelivery, type Opened, openDelivery, type Reader } from './open-delivery.ts';
import { insertItems } from './store.ts';

/** What services deliver, and the links by which it is opened. */
export interface Content {
  /** Throws `item_invalid`. */
  addItems(items: readonly Item[]): Promise<void>;
  /** Delivers for the paid periods among `events`, once per bill. */
  deliver(tx: Tx, events: readonly SubscriptionEvent[]): Promise<void>;
  look(reader: Reader): Promise<Opened>;
  open(reader: Reader & { readonly browser: string; readonly address: string }): Promise<Opened>;
  /** Whether links begin with https, so that cookies can say so. */
  readonly secure: boolean;
}

export interface ContentOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly operators: Pick<Operators, 'get'>;
  readonly sms: Pick<Sms, 'send'>;
  readonly subscriptions: Pick<Subscriptions, 'access' | 'find' | 'smsRoute' | 'texts'>;
  /** `KOPEK_PUBLIC_URL`: links in SMS begin with it. */
  readonly publicUrl: string;
}

/** Whole neighbourhoods share one address of a mobile network. */
const OPENS_PER_MINUTE = 60;

export function createContent(options: ContentOptions): Content {
  const dependencies = {
    ...options,
    publicUrl: options.publicUrl.replace(/\/+$/, ''),
    opensFromAddress: createRateLimiter({ perMinute: OPENS_PER_MINUTE }),
  };
  return {
    async addItems(items) {
      for (const item of items) checkItem(item);
      await insertItems(options.database.pool, items);
    },
    deliver: (tx, events) => deliverItems(dependencies, tx, events),
    look: (reader) => lookAtDelivery(dependencies, reader),
    open: (reader) => openDelivery(dependencies, reader),
    secure: options.publicUrl.startsWith('https:'),
  };
}
