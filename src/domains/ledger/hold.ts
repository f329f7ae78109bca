import { hash } from 'node:crypto';
import type { Account } from './account.ts';
import { accountId } from './account.ts';
import { fail } from './errors.ts';
import { AMOUNT_MAX } from './transfer.ts';

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

const PARTS_MAX = 100;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function checkHold(hold: NewHold, now: Date): void {
  const refuse = (field: string, message: string) =>
    fail('transfer_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
  if (!UUID.test(hold.id)) throw refuse('id', 'must be a UUID in small letters');
  if (hold.parts.length < 1 || hold.parts.length > PARTS_MAX)
    throw refuse('parts', `must be 1 to ${PARTS_MAX}`);
  const seen = new Set<bigint>();
  for (const [at, { account, amountMinor }] of hold.parts.entries()) {
    if (amountMinor <= 0n || amountMinor > AMOUNT_MAX)
      throw refuse(`parts.${at}`, `must be 1 to ${AMOUNT_MAX} minor units`);
    if (seen.has(account.id)) throw refuse(`parts.${at}`, 'names an account a second time');
    seen.add(account.id);
  }
  if (hold.expiresAt <= now) throw refuse('expires_at', 'must be in the future');
}

export function holdFingerprint({ kind, parts, reference }: NewHold): string {
  const text = JSON.stringify([
    ...[kind, reference],
    ...parts.map(({ account, amountMinor }) => `${accountId(account.id)} ${amountMinor}`),
  ]);
  return hash('sha256', text, 'hex').slice(0, 32);
}
