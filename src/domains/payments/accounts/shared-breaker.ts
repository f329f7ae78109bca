import type { Database } from '#database';
import { messageOf } from '#errors';
import type { Log } from '#log';
import type { GatewayAccountState } from './account.ts';
import {
  type BreakerKey,
  closeBreaker,
  openBreaker,
  returnTrial,
  takeTrial,
} from './breaker-store.ts';

/** What a call said of the gateway's health. `nothing`: it was not made, or was refused before it left. */
export type Heard = 'well' | 'ill' | 'nothing';

/** A call that may be made. It ends by telling what was heard. */
export interface Permit {
  readonly key: BreakerKey;
  readonly isTrial: boolean;
}

/**
 * The breaker of one account, whose state is its row, so that all copies know it within a second. After several calls
 * in a row without an answer nothing is sent; then one call of one copy tries.
 */
export interface SharedBreaker {
  isOpen(): boolean;
  /** Asked right before a call; undefined: it must not be made. */
  begin(trialMs: number): Promise<Permit | undefined>;
  /** Never throws: while the database is away the copy goes by what it heard itself. */
  end(permit: Permit, heard: Heard, reason: string): Promise<void>;
  /** What the row said when it was read, at `readAtMs` of `performance.now()`. */
  learn(state: GatewayAccountState, readAtMs: number): void;
}

const FAILURES_MOST = 10;
/** Until the row is read again. */
const BRIEFLY_MS = 1000;

export interface SharedBreakerOptions {
  readonly database: Database;
  readonly log: Log;
}

export function createSharedBreaker(
  first: GatewayAccountState,
  { database, log }: SharedBreakerOptions,
): SharedBreaker {
  const { name } = first.account;
  const writer = createWriter(name, log);
  let version = 0;
  let failures = 0;
  /** Of `performance.now()`; undefined: closed. */
  let untilMs: number | undefined;
  let isAsking = false;

  function learn({ account, openMs }: GatewayAccountState, readAtMs: number): void {
    if (account.version < version) return;
    if (account.version === version && writer.hasWrittenSince(readAtMs)) return;
    const isNew = account.version > version;
    if (isNew || (openMs === undefined && untilMs !== undefined)) failures = 0;
    version = account.version;
    untilMs = openMs === undefined ? undefined : readAtMs + openMs;
  }

  async function askForTrial(trialMs: number): Promise<Permit | undefined> {
    if (isAsking) return undefined;
    isAsking = true;
    const key = { name, version };
    const isTaken = await writer.write(() => takeTrial(database.pool, key, trialMs));
    isAsking = false;
    if (key.version === version) untilMs = performance.now() + (isTaken ? trialMs : BRIEFLY_MS);
    return isTaken ? { key, isTrial: true } : undefined;
  }

  async function open({ isTrial, key }: Permit, reason: string): Promise<void> {
    untilMs = performance.now() + BRIEFLY_MS;
    const openMs = await writer.write(() => openBreaker(database.pool, key, { reason, isTrial }));
    if (openMs === undefined || key.version !== version) return;
    untilMs = performance.now() + openMs;
    log.warn({ gateway: name, openMs, reason }, "a gateway's breaker has opened");
  }

  async function heardWell({ key }: Permit): Promise<void> {
    failures = 0;
    if (untilMs === undefined) return;
    untilMs = undefined;
    await writer.write(() => closeBreaker(database.pool, key));
    log.info({ gateway: name }, "a gateway's breaker has closed");
  }

  async function heardIll(permit: Permit, reason: string): Promise<void> {
    // Calls that were under way when it opened say nothing new.
    if (untilMs !== undefined && !permit.isTrial) return;
    failures += 1;
    if (permit.isTrial || failures >= FAILURES_MOST) await open(permit, reason);
  }

  async function heardNothing({ isTrial, key }: Permit): Promise<void> {
    if (!isTrial) return;
    untilMs = performance.now();
    await writer.write(() => returnTrial(database.pool, key));
  }

  learn(first, performance.now());
  return {
    isOpen: () => untilMs !== undefined && performance.now() < untilMs,
    async begin(trialMs) {
      if (untilMs === undefined) return { key: { name, version }, isTrial: false };
      return performance.now() < untilMs ? undefined : await askForTrial(trialMs);
    },
    async end(permit, heard, reason) {
      if (permit.key.version !== version) return;
      if (heard === 'well') await heardWell(permit);
      else if (heard === 'ill') await heardIll(permit, reason);
      else await heardNothing(permit);
    },
    learn,
  };
}

function createWriter(name: string, log: Log) {
  let writing = 0;
  let wroteAtMs = 0;
  return {
    /** What was read then may lack what this copy has written: it is no news. */
    hasWrittenSince: (readAtMs: number) => writing > 0 || readAtMs < wroteAtMs,
    /** Undefined where it failed. */
    async write<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
      writing += 1;
      try {
        return await work();
      } catch (error) {
        const reason = messageOf(error);
        log.warn({ gateway: name, reason }, "a gateway's breaker could not be written");
        return undefined;
      } finally {
        writing -= 1;
        wroteAtMs = performance.now();
      }
    },
  };
}
