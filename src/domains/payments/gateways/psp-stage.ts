import { after } from 'node:test';
import { eventually } from '#testing';
import type { CardGatewayUnderTest, Misfortune } from './card-under-test.ts';

/** The controls that the simulators of payment providers have in common. */
export interface PspControls {
  call<Result>(method: string, path: string, body?: object): Promise<Result>;
  fault(fault: Readonly<Record<string, unknown>>): Promise<void>;
  befall: CardGatewayUnderTest['befall'];
  entries(query: Readonly<Record<string, string>>): Promise<readonly number[]>;
  /** All notifications have been taken. */
  quiet(): Promise<void>;
}

const FAULTS: Readonly<Record<Exclude<Misfortune, 'busy'>, string>> = {
  ...{ error_before: 'error-before', error_after: 'error-after' },
  ...{ lost_request: 'hang-before', lost_answer: 'hang-after' },
  ...{ hang_up_before: 'drop-before', hang_up_after: 'drop-after' },
};

/** `busy` is turned away by a limit of no calls at all, until `recover`. */
export function controlsOf(url: string, question: string): PspControls {
  async function call<Result>(method: string, path: string, body?: object): Promise<Result> {
    const answer = await fetch(url + path, {
      ...{ method, headers: { 'content-type': 'application/json' } },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Result;
  }

  const fault = async (asked: Readonly<Record<string, unknown>>) => {
    await call('POST', '/faults', { times: 1, ...asked });
  };

  return {
    ...{ call, fault },
    async befall(misfortune, _of, about) {
      if (misfortune === 'busy') await call('PUT', '/settings', { tps: 0 });
      else {
        const operation = about === 'question' ? { operation: question } : {};
        await fault({ name: FAULTS[misfortune], ...operation });
      }
    },
    async entries(query) {
      const { entries } = await call<{ entries: readonly { readonly amount_minor: number }[] }>(
        'GET',
        `/ledger?${new URLSearchParams(query)}`,
      );
      return entries.map(({ amount_minor }) => amount_minor);
    },
    quiet: () =>
      eventually(
        async () => {
          const { notices } = await call<{ notices: readonly { state: string }[] }>(
            'GET',
            '/notices',
          );
          const waiting = notices.filter(({ state }) => state === 'waiting').length;
          if (waiting > 0) throw new Error(`${waiting} notifications are on their way`);
        },
        { timeoutMs: 20_000 },
      ),
  };
}

/** Accounts by our id: a book that knows refunds by their own id is asked by the payer. */
export function accountBook() {
  const accounts = new Map<string, string>();
  return {
    note<Order extends { readonly payment: string; readonly account: string }>(
      order: Order,
    ): Order {
      accounts.set(order.payment, order.account);
      return order;
    },
    of: (payment: string): string => accounts.get(payment) ?? '',
  };
}

/** Ends it with the file. */
export function closedAfter<Closable extends { close(): Promise<void> }>(one: Closable): Closable {
  after(() => one.close());
  return one;
}
