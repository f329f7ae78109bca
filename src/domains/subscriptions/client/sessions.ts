import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readToken, signToken } from '#auth';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { AppError } from '#errors';
import type { IdSource } from '#ids';
import {
  endSessions,
  findSession,
  insertSession,
  type NewSession,
  touchSession,
} from './session-store.ts';

/** Somebody who has shown that a number is his. */
export interface Session {
  readonly id: bigint;
  /** E.164 with the plus. */
  readonly msisdn: string;
  /** That he has last agreed to something in. */
  readonly locale: string | undefined;
}

export interface Sessions {
  /** Answers what the browser is to keep. */
  open(
    tx: Tx,
    who: Pick<NewSession, 'address' | 'method' | 'msisdn' | 'userAgent'>,
  ): Promise<string>;
  /** Whose cookie this is; undefined for one that is not ours, was ended, or was left alone for too long. */
  read(cookie: string | undefined): Promise<Session | undefined>;
  end(session: Session): Promise<void>;
  /** On every device. */
  endAll(session: Session): Promise<void>;
}

export interface SessionsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly secret: string;
}

const PURPOSE = 'client-session';
const SECRET_BYTES = 24;
const IDLE_MS = 30 * 60_000;
/** However busy: money is moved here, and phones are lent. */
export const SESSION_MAX_AGE_MS = 12 * 3_600_000;
/** A page a second must not be a write a second. */
const SEEN_EVERY_MS = 60_000;

/** Sessions stand in the database, so that they can be ended; the cookie is signed, so that guesses never reach it. */
export function createSessions({ clock, database, ids, secret }: SessionsOptions): Sessions {
  const signing = () => ({ secret, purpose: PURPOSE, now: clock.now() });

  function readCookie(cookie: string): readonly [string, string] | undefined {
    try {
      return readToken(cookie, { ...signing(), maxAgeMs: SESSION_MAX_AGE_MS });
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  return {
    async open(tx, who) {
      const now = clock.now();
      const id = ids.next(now.getTime());
      const own = randomBytes(SECRET_BYTES).toString('base64url');
      await insertSession(tx, { ...who, id, secretHash: hashOf(own), now });
      return signToken([id.toString(), own], signing());
    },
    async read(cookie) {
      const [id, own] = (cookie !== undefined && readCookie(cookie)) || [];
      if (id === undefined || own === undefined) return undefined;
      const row = await findSession(database.pool, BigInt(id));
      if (!row || !timingSafeEqual(row.secret_hash, hashOf(own))) return undefined;
      const now = clock.now();
      const idleMs = now.getTime() - row.seen_at.getTime();
      if (idleMs > IDLE_MS) return undefined;
      if (idleMs > SEEN_EVERY_MS) await touchSession(database.pool, row.id, now);
      return { id: row.id, msisdn: row.msisdn, locale: row.locale ?? undefined };
    },
    end: ({ id }) => endSessions(database.pool, { id }, clock.now()),
    endAll: ({ msisdn }) => endSessions(database.pool, { msisdn }, clock.now()),
  };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
