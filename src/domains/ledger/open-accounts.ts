import type { Clock } from '#clock';
import type { Database } from '#database';
import { must } from '#errors';
import { type Account, type AccountName, nameKey } from './account.ts';
import { type AccountRow, findBalances, insertAccounts, type NewAccount } from './account-store.ts';
import type { AccountType } from './account-type.ts';
import { fail } from './errors.ts';
import { checkMetadata } from './metadata.ts';

/** Accounts by their names: opened when they are first asked for, and remembered, because nothing of them changes. */
export interface Accounts {
  /**
   * Answers an account for each name, in their order. What is not there yet is opened in a transaction of its own:
   * call it before you begin one. Throws `account_type_unknown`, `currency_not_of_type`.
   */
  open(names: readonly AccountName[]): Promise<readonly Account[]>;
  /** Those of `ids` that are there. Like `open`, it is called before a transaction begins. */
  byIds(ids: readonly bigint[]): Promise<ReadonlyMap<bigint, Account>>;
}

export interface AccountsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly types: readonly AccountType[];
}

/** Beyond it the memory begins anew: an account costs a few hundred bytes. */
const REMEMBERED_MAX = 200_000;
const NAME_LENGTH_MAX = 100;
const CURRENCY = /^[A-Z]{3}$/;

type Types = ReadonlyMap<string, AccountType>;

export function createAccounts({ clock, database, types }: AccountsOptions): Accounts {
  const typeOf: Types = new Map(types.map((type) => [type.name, type]));
  const known = new Map<string, Account>();
  const knownById = new Map<bigint, Account>();

  /** An account whose type has debts is opened together with the one that would bear them. */
  async function openMissing(names: readonly AccountName[]): Promise<void> {
    const wanted = new Map<string, NewAccount>();
    for (const name of names) {
      const account = toNew(typeOf, name);
      const debt = debtNameOf(typeOf, account);
      wanted.set(nameKey(account), account);
      if (debt) wanted.set(nameKey(debt), toNew(typeOf, debt));
    }
    const accounts = [...wanted.values()];
    const rows = await database.transaction((tx) =>
      insertAccounts(tx, { accounts, now: clock.now() }),
    );
    const idOf = new Map(rows.map((row) => [nameKey(nameOf(row)), row.id]));
    for (const row of rows) {
      const debt = debtNameOf(typeOf, nameOf(row));
      const account = toAccount(row, {
        side: mustKnowType(typeOf, row.type).normalSide === 'credit' ? 1 : -1,
        debtId: debt && idOf.get(nameKey(debt)),
      });
      known.set(nameKey(account), account);
      knownById.set(account.id, account);
    }
  }

  function forgetWhenTooMany(): void {
    if (known.size <= REMEMBERED_MAX) return;
    known.clear();
    knownById.clear();
  }

  return {
    async open(names) {
      forgetWhenTooMany();
      const missing = names.filter((name) => !known.has(nameKey(name)));
      if (missing.length > 0) await openMissing(missing);
      return names.map((name) => {
        const account = known.get(nameKey(name));
        must(account, 'an account that was opened is known');
        return account;
      });
    },
    async byIds(ids) {
      forgetWhenTooMany();
      const missing = [...new Set(ids)].filter((id) => !knownById.has(id));
      if (missing.length > 0) {
        const rows = await findBalances(database.pool, missing);
        if (rows.length > 0) await openMissing(rows.map(nameOf));
      }
      return new Map(
        ids.flatMap((id) => {
          const account = knownById.get(id);
          return account ? [[id, account] as const] : [];
        }),
      );
    },
  };
}

type FullName = Pick<NewAccount, 'type' | 'clientId' | 'currency' | 'label'>;

function nameOf({ client_id: clientId, currency, label, type }: AccountRow): FullName {
  return { type, clientId, currency, label };
}

function toAccount(row: AccountRow, more: Pick<Account, 'side' | 'debtId'>): Account {
  return { id: row.id, ...nameOf(row), ...more };
}

function mustKnowType(typeOf: Types, name: string): AccountType {
  const type = typeOf.get(name);
  if (type) return type;
  const message = `must be one of ${[...typeOf.keys()].join(', ')}`;
  throw fail('account_type_unknown', `No account type "${name}": type ${message}.`, {
    faults: [{ field: 'type', message }],
  });
}

function debtNameOf(typeOf: Types, name: FullName): FullName | undefined {
  const { clientId, currency, label } = name;
  const type = mustKnowType(typeOf, name.type).debtType;
  return type === undefined ? undefined : { type, clientId, currency, label };
}

function toNew(typeOf: Types, name: AccountName): NewAccount {
  const { clientId = '', currency, label = '' } = name;
  const type = mustKnowType(typeOf, name.type);
  if (type.currency !== undefined && type.currency !== currency) {
    const message = `accounts of type ${type.name} are in ${type.currency}`;
    throw fail('currency_not_of_type', `${message}, not in ${currency}.`, {
      faults: [{ field: 'currency', message }],
    });
  }
  if (!CURRENCY.test(currency)) {
    const message = 'must be three capital letters, ISO 4217';
    throw fail('transfer_malformed', `currency ${message}.`, {
      faults: [{ field: 'currency', message }],
    });
  }
  for (const [field, text] of [
    ['client_id', clientId],
    ['label', label],
  ] as const) {
    if (text.length > NAME_LENGTH_MAX || /\p{Cc}/u.test(text) || !text.isWellFormed()) {
      const message = `must be at most ${NAME_LENGTH_MAX} letters, without control characters`;
      throw fail('transfer_malformed', `${field} ${message}.`, { faults: [{ field, message }] });
    }
  }
  if (name.metadata) checkMetadata(name.metadata, 'metadata');
  return { type: type.name, clientId, currency, label, metadata: name.metadata };
}
