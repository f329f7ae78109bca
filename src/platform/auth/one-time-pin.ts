import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { type Executor, sql, type Tx } from '#database';

export interface PinPolicy {
  readonly digits: number;
  readonly lifetimeMs: number;
  readonly triesMax: number;
  /** Between two PINs for one subject. */
  readonly cooldownMs: number;
  readonly issuedPerDayMax: number;
}

/** Fifteen guesses a day among a hundred thousand: an even chance takes a stranger twelve years. */
export const DEFAULT_PIN_POLICY: PinPolicy = {
  digits: 5,
  lifetimeMs: 10 * 60_000,
  triesMax: 3,
  cooldownMs: 60_000,
  issuedPerDayMax: 5,
};

export type IssuedPin =
  | { readonly outcome: 'issued'; readonly pin: string }
  | { readonly outcome: 'cooling_down'; readonly retryAt: Date }
  | { readonly outcome: 'too_many' };

export type CheckedPin =
  | { readonly outcome: 'confirmed' }
  | { readonly outcome: 'wrong'; readonly triesLeft: number }
  | { readonly outcome: 'locked' }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'none' };

export interface PinRequest {
  /** What the PIN proves, opaque here: for example a campaign and a number. At most 200 letters. */
  readonly subject: string;
  readonly now: Date;
  readonly secret: string;
  readonly policy?: PinPolicy;
}

interface PinRow {
  readonly salt: Buffer;
  readonly pin_mac: Buffer;
  readonly expires_at: Date;
  readonly tries_left: number;
  readonly confirmed_at: Date | null;
}

const DAY_MS = 24 * 60 * 60_000;
const SALT_BYTES = 16;

/**
 * Makes a PIN for `subject`, in place of any before, with fresh tries. The day of `issuedPerDayMax` begins
 * with its first PIN. Of several calls at once one issues and the others are cooled down.
 */
export async function issuePin(tx: Tx, request: PinRequest): Promise<IssuedPin> {
  const { subject, now, secret, policy = DEFAULT_PIN_POLICY } = request;
  const pin = String(randomInt(10 ** policy.digits)).padStart(policy.digits, '0');
  const salt = randomBytes(SALT_BYTES);
  const dayAgo = new Date(now.getTime() - DAY_MS);
  const cooledSince = new Date(now.getTime() - policy.cooldownMs);
  const expiresAt = new Date(now.getTime() + policy.lifetimeMs);
  const { rows } = await sql`
    insert into platform.one_time_pin as held
      (subject, salt, pin_mac, issued_at, expires_at, tries_left, day_began_at, issued_in_day)
    values (${subject}, ${salt}, ${macOf({ secret, salt, subject, pin })}, ${now}, ${expiresAt},
      ${policy.triesMax}, ${now}, 1)
    on conflict (subject) do update set
      salt = excluded.salt, pin_mac = excluded.pin_mac, issued_at = excluded.issued_at,
      expires_at = excluded.expires_at, tries_left = excluded.tries_left, confirmed_at = null,
      day_began_at = case when held.day_began_at <= ${dayAgo} then excluded.issued_at else held.day_began_at end,
      issued_in_day = case when held.day_began_at <= ${dayAgo} then 1 else held.issued_in_day + 1 end
    where held.issued_at <= ${cooledSince}
      and (held.day_began_at <= ${dayAgo} or held.issued_in_day < ${policy.issuedPerDayMax})
    returning subject`.execute(tx);
  return rows.length > 0
    ? { outcome: 'issued', pin }
    : whyNotIssued(tx, { subject, dayAgo, policy });
}

async function whyNotIssued(
  tx: Tx,
  asked: { readonly subject: string; readonly dayAgo: Date; readonly policy: PinPolicy },
): Promise<IssuedPin> {
  const { rows } = await sql<{ issued_at: Date; day_began_at: Date; issued_in_day: number }>`
    select issued_at, day_began_at, issued_in_day from platform.one_time_pin
    where subject = ${asked.subject}`.execute(tx);
  const row = rows[0];
  if (!row) return { outcome: 'too_many' }; // forgotten between two statements; nothing was issued
  const sameDay = row.day_began_at > asked.dayAgo;
  if (sameDay && row.issued_in_day >= asked.policy.issuedPerDayMax) return { outcome: 'too_many' };
  return {
    outcome: 'cooling_down',
    retryAt: new Date(row.issued_at.getTime() + asked.policy.cooldownMs),
  };
}

/**
 * Compares what a person typed. A wrong try is counted in `tx`, so the caller commits whatever the outcome
 * is. The row is locked: of two equal confirmations at once one is `confirmed`, the other finds `none`.
 */
export async function checkPin(
  tx: Tx,
  request: PinRequest & { readonly pin: string },
): Promise<CheckedPin> {
  const { subject, now, secret, pin } = request;
  const row = await lockPin(tx, subject);
  if (!row || row.confirmed_at) return { outcome: 'none' };
  if (row.expires_at <= now) return { outcome: 'expired' };
  if (row.tries_left === 0) return { outcome: 'locked' };
  const mac = macOf({ secret, salt: row.salt, subject, pin: pin.trim() });
  if (timingSafeEqual(mac, row.pin_mac)) {
    await sql`update platform.one_time_pin set confirmed_at = ${now} where subject = ${subject}`.execute(
      tx,
    );
    return { outcome: 'confirmed' };
  }
  await sql`update platform.one_time_pin set tries_left = tries_left - 1
            where subject = ${subject}`.execute(tx);
  const triesLeft = row.tries_left - 1;
  return triesLeft === 0 ? { outcome: 'locked' } : { outcome: 'wrong', triesLeft };
}

async function lockPin(tx: Tx, subject: string): Promise<PinRow | undefined> {
  const { rows } = await sql<PinRow>`
    select salt, pin_mac, expires_at, tries_left, confirmed_at from platform.one_time_pin
    where subject = ${subject} for update`.execute(tx);
  return rows[0];
}

/** Removes PINs issued before `before`, at most `limit`. Keep two days, or the daily count is forgotten. */
export async function forgetPins(
  executor: Executor,
  options: { readonly before: Date; readonly limit: number },
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from platform.one_time_pin where subject in (
      select subject from platform.one_time_pin where issued_at < ${options.before}
      order by issued_at limit ${options.limit} for update skip locked)`.execute(executor);
  return Number(numAffectedRows ?? 0n);
}

/** Five digits are few enough to try all, so the secret, which is not in the database, is what hides them. */
function macOf(of: {
  readonly secret: string;
  readonly salt: Buffer;
  readonly subject: string;
  readonly pin: string;
}): Buffer {
  return createHmac('sha256', of.secret)
    .update('one-time-pin\0')
    .update(of.salt)
    .update(`${of.subject}\0${of.pin}`)
    .digest();
}
