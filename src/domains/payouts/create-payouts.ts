import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import {
  type AccountSystem,
  type AccountsDoor,
  createAccountsInProcess,
  createAccountsOverHttp,
} from './accounts/index.ts';
import { createReqGate, type ReqGate } from './req-gate/index.ts';
import { createRequests, type Requests } from './requests/index.ts';

/** Partners' balances on their way out of the house. */
export interface Payouts {
  readonly requests: Requests;
  /** The one way to the money, for all gates. */
  readonly accounts: AccountSystem;
  /** A copy of the gate that turns requests into payouts. */
  reqGate(): ReqGate;
  close(): Promise<void>;
}

export interface PayoutsOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly ledger: AccountsDoor;
  /** Where the system of accounts answers over HTTP; empty: it is `ledger`. */
  readonly accountsUrl: string;
  readonly accountsKey: string;
  readonly reqGateIntervalMs: number;
  readonly requestLimit: number;
}

export function createPayouts(options: PayoutsOptions): Payouts {
  const { accountsKey: key, accountsUrl: url, ledger } = options;
  const remote = url === '' ? undefined : createAccountsOverHttp({ url, key });
  const accounts = remote ?? createAccountsInProcess(ledger);
  const requests = createRequests(options);
  return {
    ...{ requests, accounts },
    reqGate: () =>
      createReqGate({
        ...{ ...options, accounts },
        ...{ intervalMs: options.reqGateIntervalMs, limit: options.requestLimit },
      }),
    async close() {
      await requests.drain();
      await remote?.close();
    },
  };
}
