import type { Bus } from '#bus';
import { messageOf } from '#errors';
import type { Log } from '#log';
import type { Accounts } from '#sms/accounts';
import type { SmsContext } from '#sms/context';
import type { SmsProvider } from '#sms/provider';
import { accountGroup, createSendWorker, type SendWorker } from './send-worker.ts';

/** A sender for each account, also for those that come or change while they run. */
export interface AccountSenders {
  start(): void;
  /** Those that messages are sent through from here. */
  readonly providers: () => readonly SmsProvider[];
  stop(): Promise<{ readonly unanswered: number }>;
}

export interface AccountSendersOptions {
  readonly accounts: Accounts;
  readonly bus: Bus;
  readonly context: SmsContext;
  readonly log: Log;
}

const LOOK_INTERVAL_MS = 1000;

interface Running {
  readonly version: number;
  readonly worker: SendWorker;
  readonly provider: SmsProvider;
}

export function createAccountSenders(options: AccountSendersOptions): AccountSenders {
  const { accounts, bus, context, log } = options;
  const running = new Map<string, Running>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const { account } of accounts.all()) {
      const { name, version } = account;
      const known = running.get(name);
      if (known?.version === version) continue;
      running.delete(name);
      await known?.worker.stop();
      try {
        const line = accounts.line(name);
        if (!line) continue;
        const group = accountGroup(name);
        await bus.declare([group]);
        const worker = createSendWorker({ bus, context, line, group });
        worker.start();
        running.set(name, { version, worker, provider: line.provider });
      } catch (error) {
        log.error(
          { provider: name, reason: messageOf(error) },
          'a provider account can not be used',
        );
      }
    }
  }

  function next(): void {
    looking = look().finally(() => {
      timer = setTimeout(next, LOOK_INTERVAL_MS);
    });
  }

  return {
    start: next,
    providers: () => [...running.values()].map(({ provider }) => provider),
    async stop() {
      await looking;
      clearTimeout(timer);
      const left = await Promise.all([...running.values()].map(({ worker }) => worker.stop()));
      return { unanswered: left.reduce((sum, one) => sum + one.unanswered, 0) };
    },
  };
}
