import { fail } from './errors.ts';

/** By which an account is found: one for each client, type, currency and label. */
export interface AccountName {
  readonly type: string;
  /** Whose it is; left out where it is the house's own. */
  readonly clientId?: string;
  /** ISO 4217. */
  readonly currency: string;
  /** Tells apart the accounts of one type that a client has. */
  readonly label?: string;
  /** Written when the account is opened, and no part of its name. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** An account that is there. Nothing of this ever changes, so it may be kept. */
export interface Account {
  readonly id: bigint;
  readonly type: string;
  readonly clientId: string;
  readonly currency: string;
  readonly label: string;
  /** 1 where credit is its normal side, -1 where debit is. */
  readonly side: 1 | -1;
  /** The account that bears what a fact takes from this one beyond zero. */
  readonly debtId: bigint | undefined;
}

/** One name as one text, the same for the same account. */
export function nameKey({ type, clientId = '', currency, label = '' }: AccountName): string {
  return JSON.stringify([type, clientId, currency, label]);
}

const PREFIX = 'acc_';
const ID = /^acc_([0-9a-v]{1,13})$/;
const RADIX = 32;

/** `acc_1k`: the public id of an account. */
export function accountId(id: bigint): string {
  return `${PREFIX}${id.toString(RADIX)}`;
}

/** Reads a public id back; anything else is a clear `invalid` that names `field`. */
export function parseAccountId(text: string, field = 'id'): bigint {
  const digits = ID.exec(text)?.[1];
  if (digits !== undefined) {
    const id = [...digits].reduce(
      (sum, digit) => sum * BigInt(RADIX) + BigInt(Number.parseInt(digit, RADIX)),
      0n,
    );
    if (id <= 0x7fff_ffff_ffff_ffffn) return id;
  }
  throw fail('transfer_malformed', `${field} must be the id of an account, such as acc_1k.`, {
    faults: [{ field, message: 'an id that begins with acc_' }],
  });
}
