import type { Bus } from '#bus';
import type { Clock } from '#clock';
import { type Database, isTransient } from '#database';
import { type IdSource, uuidV7 } from '#ids';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { AccountSystem } from '#payouts/accounts';
import { requestId } from '#payouts/requests';
import { createTurns } from '#turns';
import { type Answer, askAccounts, CALL_TIMEOUT_MS } from './ask-accounts.ts';
import { claimRequests, giveBackRequests, type RequestEnd } from './gate-store.ts';
import { type Asked, makePayouts } from './make-payouts.ts';
import { errorText } from './request-error.ts';

/** What a gate did in one turn. */
export interface Turn {
  /** There may be more to do: the next turn begins at once. */
  readonly full: boolean;
  /** The other side did not answer at all: the next turn waits, longer each time. */
  readonly away: boolean;
}

/** Turns requests into payouts, as many copies side by side as wanted. */
export interface ReqGate {
  start(): void;
  /** Gives back what it has not asked about yet, and ends what is under way. */
  stop(): Promise<void>;
  /** One batch: claimed, asked about, decided. For tests, and for `start`. */
  turn(signal?: AbortSignal): Promise<Turn>;
}

export interface ReqGateOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly accounts: AccountSystem;
  readonly intervalMs: number;
  /** The most requests of a batch. */
  readonly limit: number;
  /** Of one call of the system of accounts; 5 s unless told. */
  readonly callTimeoutMs?: number;
}

/** Longer than all that is done with a batch, so that nobody takes what is still in work. */
const LEASE_MS = 60_000;
const RETRY_FIRST_MS = 1000;
const RETRY_MOST_MS = 60_000;
const AWAY = { firstMs: 1000, mostMs: 30_000 };

export function createReqGate(options: ReqGateOptions): ReqGate {
  const { accounts, clock, database, intervalMs, limit, log, metrics } = options;
  const { callTimeoutMs = CALL_TIMEOUT_MS } = options;
  const owner = uuidV7();
  const ended = metrics.counter(
    'kopek_payout_requests_ended_total',
    'Payout requests that the gate has ended, by status',
    ['status'],
  );

  async function turn(signal?: AbortSignal): Promise<Turn> {
    const requests = await claimRequests(database.pool, {
      ...{ owner, leaseMs: LEASE_MS, limit, now: clock.now() },
    });
    if (requests.length === 0) return { full: false, away: false };
    const answers = await askAccounts(accounts, requests, { signal, callTimeoutMs });
    const asked = requests.map((request, at) => ({
      request,
      answer: answers[at] ?? { outcome: 'not_asked' as const },
    }));
    const open = asked.filter(({ answer }) => isOpen(answer));
    await giveBack(open);
    const ends = await decide(asked.filter(({ answer }) => !isOpen(answer)));
    for (const { error } of ends) ended.inc({ status: error === undefined ? 'done' : 'error' });
    const away = open.some(({ answer }) => answer.outcome === 'unavailable') && ends.length === 0;
    return { full: requests.length === limit, away };
  }

  async function giveBack(open: readonly Asked[]): Promise<void> {
    const nowMs = clock.nowMs();
    for (const { answer, request } of open) {
      if (answer.outcome !== 'unavailable') continue;
      const { reason } = answer;
      log.warn({ request: requestId(request.id), reason }, 'the system of accounts gave no answer');
    }
    await giveBackRequests(database.pool, {
      owner,
      ids: open.map(({ request }) => request.id),
      nextAttempts: open.map(({ answer, request }) =>
        answer.outcome === 'unavailable' ? new Date(nowMs + retryMs(request.attempts)) : null,
      ),
    });
  }

  /** One transaction for all; where one of them can not be written, the others are not to suffer. */
  async function decide(asked: readonly Asked[]): Promise<readonly RequestEnd[]> {
    if (asked.length === 0) return [];
    try {
      return await makePayouts(options, { owner, asked });
    } catch (error) {
      if (isTransient(error)) {
        await giveBack(asked.map(({ request }) => ({ request, answer: { outcome: 'not_asked' } })));
        throw error;
      }
      const [first, ...others] = asked;
      if (others.length > 0 || !first) {
        const middle = Math.ceil(asked.length / 2);
        return [...(await decide(asked.slice(0, middle))), ...(await decide(asked.slice(middle)))];
      }
      // It was an error already, and even that can not be written.
      if (first.answer.outcome === 'error') throw error;
      const { request } = first;
      log.error({ err: error, request: requestId(request.id) }, 'a request could not be decided');
      return decide([{ request, answer: { outcome: 'error', error: errorText(error) } }]);
    }
  }

  const turns = createTurns({
    ...{ intervalMs, log, name: 'req-gate', backoff: AWAY },
    async turn(signal) {
      const { away, full } = await turn(signal);
      return away ? 'away' : Number(full);
    },
  });
  return { turn, start: turns.start, stop: turns.stop };
}

/** It stays new, and is asked about again. */
function isOpen(answer: Answer): boolean {
  return answer.outcome === 'unavailable' || answer.outcome === 'not_asked';
}

function retryMs(attempts: number): number {
  return Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, 10));
}
