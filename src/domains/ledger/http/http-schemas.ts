import { CurrencyCode, Instant, Type } from '#http';
import { type Account, accountId, parseAccountId } from '#ledger/account';
import { fail } from '#ledger/errors';
import type { Accounts } from '#ledger/open-accounts';
import {
  type AccountView,
  AMOUNT_MAX,
  type EntryView,
  type Line,
  type TransferView,
} from '#ledger/transfers';

const UUID_PATTERN = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
export const Uuid = (description: string) => Type.String({ pattern: UUID_PATTERN, description });

export const AccountRef = Type.String({ maxLength: 20, description: 'acc_…' });
export const Metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: 'Facts of your own, at most 4000 letters of JSON.',
});
/** An amount that moves: 1 and more. */
export const Moved = Type.Integer({
  minimum: 1,
  maximum: Number(AMOUNT_MAX),
  description: 'Minor units (cents, paisa), an integer above zero.',
});
/** Of an account: with all its digits, and below zero too. */
const Balance = Type.Integer({ description: 'Minor units, on the normal side of the account.' });
export const Kind = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,39}$',
  description: 'What kind of thing it is, one word such as `correction`.',
});
/** What PostgreSQL can't store: control characters, and half a surrogate pair. */
export const Words = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$' });

const Side = Type.Union([Type.Literal('debit'), Type.Literal('credit')]);

export const AccountAnswer = Type.Object({
  account: AccountRef,
  type: Type.String(),
  client_id: Type.String({ description: "Empty for the house's own." }),
  currency: CurrencyCode,
  label: Type.String(),
  normal_side: Side,
  balance_minor: Balance,
  held_minor: Type.Integer({ description: 'Of it, what is set aside.' }),
  available_minor: Type.Integer({ description: 'Of it, what can be spent.' }),
  entries: Type.Integer({ description: 'How many entries it has: the number of the last one.' }),
  opened_at: Instant,
  booked_at: Type.Optional(Instant),
  metadata: Metadata,
});

export function accountToApi(view: AccountView) {
  return {
    ...{ account: accountId(view.id), type: view.type, client_id: view.clientId },
    ...{ currency: view.currency, label: view.label, normal_side: view.normalSide },
    ...{ balance_minor: view.balanceMinor, held_minor: view.heldMinor },
    ...{ available_minor: view.availableMinor, entries: view.entries, opened_at: view.openedAt },
    ...(view.bookedAt ? { booked_at: view.bookedAt } : {}),
    metadata: view.metadata,
  };
}

export const EntryAnswer = Type.Object({
  number: Type.Integer({ description: 'From 1 on, without a gap.' }),
  transfer: Type.String(),
  kind: Type.String(),
  reference: Type.String(),
  debit_minor: Type.Optional(Type.Integer()),
  credit_minor: Type.Optional(Type.Integer()),
  balance_minor: Balance,
  booked_at: Instant,
  metadata: Type.Optional(Metadata),
});

export function entryToApi(view: EntryView) {
  return {
    ...{ number: view.number, transfer: view.transfer, kind: view.kind },
    ...{ reference: view.reference, ...sideOf(view.amountMinor) },
    ...{ balance_minor: view.balanceMinor, booked_at: view.bookedAt },
    ...(view.metadata ? { metadata: view.metadata } : {}),
  };
}

export const TransferAnswer = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  reference: Type.String(),
  booked_at: Instant,
  lines: Type.Array(
    Type.Object({
      account: AccountRef,
      debit_minor: Type.Optional(Type.Integer()),
      credit_minor: Type.Optional(Type.Integer()),
    }),
  ),
  reverses: Type.Optional(Type.String({ description: 'The transfer that it takes back.' })),
  reversed_by: Type.Optional(Type.String({ description: 'The transfer that has taken it back.' })),
  metadata: Type.Optional(Metadata),
});

export function transferToApi(view: TransferView) {
  return {
    ...{ id: view.id, kind: view.kind, reference: view.reference, booked_at: view.bookedAt },
    lines: view.lines.map(({ account, amountMinor }) => ({
      ...{ account: accountId(account), ...sideOf(amountMinor) },
    })),
    ...(view.reverses ? { reverses: view.reverses } : {}),
    ...(view.reversedBy ? { reversed_by: view.reversedBy } : {}),
    ...(view.metadata ? { metadata: view.metadata } : {}),
  };
}

function sideOf(amountMinor: bigint) {
  return amountMinor < 0n ? { debit_minor: -amountMinor } : { credit_minor: amountMinor };
}

export const LineInput = Type.Object(
  {
    account: AccountRef,
    debit_minor: Type.Optional(Moved),
    credit_minor: Type.Optional(Moved),
  },
  { description: 'One side of the transfer: either `debit_minor` or `credit_minor`.' },
);

export interface LineGiven {
  readonly account: string;
  readonly debit_minor?: number;
  readonly credit_minor?: number;
}

/** Accounts by their public ids, each named with the field that it stands in. Throws `account_unknown` with that field. */
export async function findAccounts(
  accounts: Accounts,
  given: readonly { readonly account: string; readonly field: string }[],
): Promise<(text: string) => Account> {
  const ids = new Map(given.map(({ account, field }) => [account, parseAccountId(account, field)]));
  const found = await accounts.byIds([...ids.values()]);
  for (const { account, field } of given) {
    if (found.has(ids.get(account) ?? 0n)) continue;
    const message = `there is no account ${account}`;
    throw fail('account_unknown', `${field}: ${message}.`, { faults: [{ field, message }] });
  }
  return (text) => {
    const account = found.get(ids.get(text) ?? 0n);
    if (!account) throw fail('account_unknown', `There is no account ${text}.`);
    return account;
  };
}

/** Where each account of lines stands, for `findAccounts`. */
export function placesOfLines(lines: readonly LineGiven[], path: string) {
  return lines.map(({ account }, at) => ({ account, field: `${path}lines.${at}.account` }));
}

/** Throws when a line has both sides or none. */
export function readLines(
  lines: readonly LineGiven[],
  path: string,
  accountOf: (text: string) => Account,
): readonly Line[] {
  return lines.map(({ account, credit_minor: credit, debit_minor: debit }, at) => {
    if ((credit === undefined) === (debit === undefined)) {
      const field = `${path}lines.${at}`;
      const message = 'must have either debit_minor or credit_minor';
      throw fail('transfer_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
    }
    const amountMinor = credit === undefined ? -BigInt(debit ?? 0) : BigInt(credit);
    return { account: accountOf(account), amountMinor };
  });
}
