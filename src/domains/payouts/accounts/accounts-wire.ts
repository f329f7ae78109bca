import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { fail } from '#payouts/errors';
import type { CashFact, PayoutAccount } from './account-system.ts';

// How the ledger's API writes what is read here. What else it tells is passed over.

const Account = Type.Object({
  account: Type.String({ pattern: '^acc_[0-9a-v]{1,13}$' }),
  type: Type.String(),
  client_id: Type.String(),
  currency: Type.String({ pattern: '^[A-Z]{3}$' }),
  label: Type.String({ maxLength: 100 }),
  available_minor: Type.BigInt(),
});
const account = Compile(Account);
const accountPage = Compile(
  Type.Object({
    items: Type.Array(Account),
    next_cursor: Type.Union([Type.String(), Type.Null()]),
  }),
);
const posted = Compile(
  Type.Object({
    transfers: Type.Array(
      Type.Object({
        id: Type.String(),
        lines: Type.Array(
          Type.Object({
            account: Type.String(),
            debit_minor: Type.Optional(Type.BigInt()),
            credit_minor: Type.Optional(Type.BigInt()),
          }),
        ),
      }),
    ),
  }),
);
const facts = Compile(
  Type.Object({
    facts: Type.Array(
      Type.Object({
        fact: Type.String({ minLength: 1 }),
        reference: Type.String(),
        amount_minor: Type.BigInt(),
      }),
    ),
  }),
);
const problem = Compile(Type.Object({ code: Type.String(), detail: Type.String() }));

/** An account of any type. */
export interface WireAccount extends PayoutAccount {
  readonly type: string;
}

interface Shape<Value> {
  Check(value: unknown): value is Value;
}

/** Amounts as bigint: a number would round a large one without a word. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (name, value: unknown, { source }) =>
    name.endsWith('_minor') && typeof value === 'number' && /^-?[0-9]+$/.test(source ?? '')
      ? BigInt(source ?? '')
      : value,
  );
}

/** What nobody can read says nothing of what was done: it counts as no answer. */
function read<Value>(text: string, shape: Shape<Value>): Value {
  let value: unknown;
  try {
    value = parseExactly(text);
  } catch (error) {
    throw unreadable(error);
  }
  if (shape.Check(value)) return value;
  throw unreadable(undefined);
}

function unreadable(cause: unknown): Error {
  const message = 'The system of accounts answers what can not be read.';
  return fail('accounts_unavailable', message, { cause });
}

export function readAccount(text: string): WireAccount {
  return fromApi(read(text, account));
}

export function readAccountPage(text: string): {
  readonly accounts: readonly WireAccount[];
  readonly next: string | undefined;
} {
  const { items, next_cursor: next } = read(text, accountPage);
  return { accounts: items.map(fromApi), next: next ?? undefined };
}

function fromApi(one: {
  readonly account: string;
  readonly type: string;
  readonly client_id: string;
  readonly currency: string;
  readonly label: string;
  readonly available_minor: bigint;
}): WireAccount {
  const { account: id, available_minor: balanceMinor, client_id: clientId } = one;
  const { currency, label, type } = one;
  return { account: id, type, clientId, currency, label, balanceMinor };
}

/** What a transfer took from an account in all. */
export function readDebit(
  text: string,
  of: { readonly transfer: string; readonly account: string },
): bigint {
  const { transfers } = read(text, posted);
  const lines = transfers.find(({ id }) => id === of.transfer)?.lines ?? [];
  const debits = lines.flatMap(({ account: id, debit_minor: amountMinor }) =>
    id === of.account && amountMinor !== undefined ? [amountMinor] : [],
  );
  if (debits.length === 0) throw unreadable(undefined);
  return debits.reduce((sum, amountMinor) => sum + amountMinor, 0n);
}

export function readFacts(text: string): readonly CashFact[] {
  return read(text, facts).facts.map(({ amount_minor: amountMinor, fact, reference }) => ({
    ...{ fact, reference, amountMinor },
  }));
}

/** The code and the words of a refusal (RFC 9457); of anything else, nothing. */
export function readProblem(text: string): { readonly code: string; readonly detail: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (problem.Check(value)) return value;
  } catch {
    // Whoever answered is no Kopek: a proxy, for instance.
  }
  return { code: '', detail: '' };
}
