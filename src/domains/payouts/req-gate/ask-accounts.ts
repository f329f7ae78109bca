import { isTransient } from '#database';
import type { AccountSystem, PayoutAccount } from '#payouts/accounts';
import { fail } from '#payouts/errors';
import type { ClaimedRequest } from './gate-store.ts';
import { errorText } from './request-error.ts';

/** What the system of accounts says of a request's client. */
export type Answer =
  | { readonly outcome: 'accounts'; readonly accounts: readonly PayoutAccount[] }
  /** It can not be answered: asking again would be in vain. */
  | { readonly outcome: 'error'; readonly error: string }
  /** Nobody answered, and nothing is known. */
  | { readonly outcome: 'unavailable'; readonly reason: string }
  | { readonly outcome: 'not_asked' };

/** Enough to keep a fast system of accounts busy; more only makes its queue longer. */
const PARALLEL = 16;
/** Of one call, whatever the other side does. */
export const CALL_TIMEOUT_MS = 5000;
/** Of all calls of a batch: what has not begun by then is left for the next turn, well within the lease. */
const BEGIN_WITHIN_MS = 30_000;

/**
 * Asks for the accounts of each request's client, once for each client, outside of any transaction. Never throws. A
 * signal leaves what is not answered: a question changes nothing.
 */
export async function askAccounts(
  accounts: AccountSystem,
  requests: readonly ClaimedRequest[],
  options: { readonly signal?: AbortSignal | undefined; readonly callTimeoutMs: number },
): Promise<readonly Answer[]> {
  const { callTimeoutMs, signal } = options;
  const endMs = performance.now() + BEGIN_WITHIN_MS;
  const clients = [...new Set(requests.map((request) => request.client_id))];
  const answers = new Map<string, Answer>();
  let next = 0;
  async function askOn(): Promise<void> {
    while (next < clients.length && !signal?.aborted && performance.now() < endMs) {
      const client = clients[next++] ?? '';
      answers.set(client, await askOne(accounts, client, callTimeoutMs));
    }
  }
  const asking = Array.from({ length: Math.min(PARALLEL, clients.length) }, askOn);
  await Promise.race([Promise.all(asking), untilAborted(signal)]);
  return requests.map((request) => answers.get(request.client_id) ?? { outcome: 'not_asked' });
}

async function askOne(
  accounts: AccountSystem,
  clientId: string,
  timeoutMs: number,
): Promise<Answer> {
  try {
    const call = accounts.payoutAccounts(clientId);
    return { outcome: 'accounts', accounts: await inTime(call, timeoutMs) };
  } catch (error) {
    if (isTransient(error)) return { outcome: 'unavailable', reason: errorText(error) };
    return { outcome: 'error', error: errorText(error) };
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function inTime<Result>(call: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(fail('accounts_unavailable', `No answer within ${timeoutMs} ms.`)),
      timeoutMs,
    );
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}
