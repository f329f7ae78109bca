import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import type { Ledger } from '#ledger';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { Operators } from '#operators';
import type { Payments } from '#payments';
import type { Sms } from '#sms';
import { type Announcement, createAnnouncement } from './announcement.ts';
import type { Catalogue } from './catalogue.ts';
import type { Terms } from './terms.ts';

/** What every use case of this domain works with. */
export interface Context {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operators: Operators;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly sms: Sms;
  readonly catalogue: Catalogue;
  /** The name that handsets show where no operator of ours has the number. */
  readonly smsSender: string;
  readonly stopLink: (subscription: string) => string;
}

export function announce(context: Context, now: Date): Announcement {
  return createAnnouncement({ ...context, now });
}

/** By which contract what is charged now for terms is parted. */
export type Allocation = (terms: Terms) => { readonly allocation?: bigint };

export async function allocationNow({ ledger }: Context): Promise<Allocation> {
  const contractOf = await ledger.contracts.now();
  return ({ operator, serviceCode }) => {
    const contract = contractOf(serviceCode, operator);
    return contract ? { allocation: contract.id } : {};
  };
}
