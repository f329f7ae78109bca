import { type AccessCampaign, accessCampaign } from '#acquisition';
import { openBus, type Parcel, parcel } from '#bus';
import { createFakeClock } from '#clock';
import type { Database } from '#database';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { type PaymentEvent, paymentEvents } from '#payments';
import {
  type SubscriptionEvent,
  subscriptionEvents,
  type UserAction,
  userActions,
} from '#subscriptions';
import { eventually } from '#testing';
import { createReports } from './create-reports.ts';
import type { StoryEvent } from './story.ts';

export const START = new Date('2026-11-20T09:00:00.000Z');
export const MSISDN = '+923009102250';

/** A running qlistener on a database of a test, and a way to tell it things. */
export async function runReports(database: Database) {
  const clock = createFakeClock(START);
  const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
  const bus = await openBus({ ...shared, url: 'postgres:', source: 'kopek/test' });
  const reports = createReports({ ...shared, bus });
  await bus.declare(reports.groups);
  await reports.start();
  return {
    ...shared,
    bus,
    reports,
    async tell(...parcels: readonly Parcel[]) {
      await database.transaction((tx) => bus.publishAll(tx, parcels));
    },
    /** Resolves when all that was told is written down. */
    async quiet() {
      await eventually(async () => {
        const waiting = (await bus.depths()).filter(({ ready, delayed }) => ready + delayed > 0);
        if (waiting.length > 0) throw new Error(`not quiet: ${JSON.stringify(waiting)}`);
      });
    },
    async stop() {
      await reports.stop();
      await bus.close();
    },
  };
}

/** An instant so many seconds after the start, as messages carry it. */
export function at(seconds: number): string {
  return new Date(START.getTime() + seconds * 1000).toISOString();
}

export function hit(more: Partial<AccessCampaign> & { readonly hit: string }): Parcel {
  const payload: AccessCampaign = {
    campaign: 'demo',
    msisdn_source: 'none',
    address: '10.0.0.1',
    path: '/lp/demo',
    at: at(0),
    ...more,
  };
  return parcel(accessCampaign, [{ key: more.hit, payload }]);
}

export function action(more: Partial<UserAction> & { readonly hit: string }): Parcel {
  const payload: UserAction = { action: 'access', campaign: 'demo', at: at(0), ...more };
  return parcel(userActions, [{ key: more.hit, payload }]);
}

export function subscription(event: string, more: Partial<SubscriptionEvent> = {}): Parcel {
  const payload: SubscriptionEvent = {
    ...{ event, subscription: 'sub_1x2', msisdn: MSISDN, service: 'music', operator: 'mobilink' },
    ...{ status: 'active', at: at(0) },
    ...more,
  };
  return parcel(subscriptionEvents, [{ key: '1', payload }]);
}

export function payment(event: string, more: Partial<PaymentEvent> = {}): Parcel {
  const payload: PaymentEvent = {
    ...{ event, payment: 'pay_1x3', reference: 'sub_1x2/0', msisdn: MSISDN, amount_minor: 500 },
    ...{ currency: 'PKR', gateway: 'mobilink', at: at(0) },
    ...more,
  };
  return parcel(paymentEvents, [{ key: '1', payload }]);
}

export function kindsOf(events: readonly StoryEvent[]): string[] {
  return events.map(({ kind }) => kind);
}
