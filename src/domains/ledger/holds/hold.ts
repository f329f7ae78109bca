import { hash } from 'node:crypto';
import { type Account, accountId } from '#ledger/account';
import { fail } from '#ledger/errors';
import { AMOUNT_MAX, checkNames } from '#ledger/transfers';

export type HoldState = 'open' | 'posted' | 'voided' | 'expired';

/** Money to be set aside: it stays where it is, and nobody else can spend it. */
export interface NewHold {
  /** Made and kept by the caller before it asks. */
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  /** Of each account how much, on its normal side; always positive. */
  readonly parts: readonly { readonly account: Account; readonly amountMinor: bigint }[];
  /** Given back by itself from then on: a hold that nobody ends would set money aside for ever. */
  readonly expiresAt: Date;
}

/** A hold as it stands. */
export interface HoldView {
  readonly id: string;
  readonly kind: string;
  readonly reference: string;
  readonly parts: readonly { readonly account: bigint; readonly amountMinor: bigint }[];
  readonly state: HoldState;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | undefined;
  /** The transfer that it became. */
  readonly transfer: string | undefined;
}

const PARTS_MAX = 100;
/** Long enough for any business; what is further away is a mistake in the date. */
const DAYS_MAX = 366;
const DAY_MS = 86_400_000;

/** Throws what is wrong with it, naming the field below `path`. */
export function checkHold(hold: NewHold, path: string): void {
  const refuse = refuser(path);
  checkNames(hold, path);
  if (hold.parts.length < 1 || hold.parts.length > PARTS_MAX)
    throw refuse('parts', `must be 1 to ${PARTS_MAX}`);
  const seen = new Set<bigint>();
  for (const [at, { account, amountMinor }] of hold.parts.entries()) {
    if (amountMinor <= 0n || amountMinor > AMOUNT_MAX)
      throw refuse(`parts.${at}.amount_minor`, `must be 1 to ${AMOUNT_MAX} minor units`);
    if (seen.has(account.id)) throw refuse(`parts.${at}`, 'names an account a second time');
    seen.add(account.id);
  }
}

/** Of a new one only: a repetition may come when the hold has long ended. */
export function checkExpiry({ expiresAt }: NewHold, path: string, now: Date): void {
  const refuse = refuser(path);
  if (!(expiresAt > now)) throw refuse('expires_at', 'must be in the future');
  if (expiresAt.getTime() > now.getTime() + DAYS_MAX * DAY_MS)
    throw refuse('expires_at', `must be within ${DAYS_MAX} days`);
}

function refuser(path: string) {
  return (field: string, message: string) =>
    fail('hold_malformed', `${path}${field} ${message}.`, {
      faults: [{ field: `${path}${field}`, message }],
    });
}

/** Of all that was asked for but the time of its end, which a caller may count from the moment of each try. */
export function holdFingerprint({ kind, parts, reference }: NewHold): string {
  const text = JSON.stringify([
    ...[kind, reference],
    ...parts.map(({ account, amountMinor }) => `${accountId(account.id)} ${amountMinor}`),
  ]);
  return hash('sha256', text, 'hex').slice(0, 32);
}
