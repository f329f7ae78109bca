import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import { afterCommit, type Database, isTransient, type Tx } from '#database';
import type { Log } from '#log';
import type { SmsProvider } from '#sms/provider';
import type { AccountState, NewAccount, ProviderAccount } from './account.ts';
import { type AccountLine, createAccountLine } from './account-line.ts';
import {
  closeAccount,
  insertAccountChange,
  lockAccount,
  readAccounts,
  writeAccount,
} from './account-store.ts';
import { fail } from './errors.ts';

/** The providers that are reached by an account of ours. */
export interface Accounts {
  all(): readonly AccountState[];
  get(name: string): AccountState | undefined;
  /** Whether messages can be given to it now, by what this and other processes heard of it. */
  admits(name: string): boolean;
  /**
   * Creates or replaces one; `secrets` left out keeps those that are there. Throws `provider_kind_unknown`, and what the
   * kind finds wrong with settings or secrets, naming each field.
   */
  save(tx: Tx, account: NewAccount, actor: string): Promise<void>;
  /** Opened where it is first asked for, and opened anew after a change. Undefined for one that is not there. */
  line(name: string): AccountLine | undefined;
  refresh(): Promise<void>;
  close(): Promise<void>;
}

export interface AccountsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly sealer: Sealer;
  /** Makes the talk with a provider of a kind; throws what is wrong with its settings. */
  readonly createProvider: (
    kind: string,
    of: { readonly name: string; readonly settings: unknown; readonly secrets: unknown },
  ) => SmsProvider;
  /** Called for each provider that is opened: those that talk over a session are listened to. */
  readonly opened?: (provider: SmsProvider) => void;
}

interface Opened {
  readonly version: number;
  readonly line: AccountLine;
}

const REFRESH_INTERVAL_MS = 1000;
const owner = (name: string) => `sms_provider_account/${name}/secrets`;

export async function createAccounts(options: AccountsOptions): Promise<Accounts> {
  const { clock, createProvider, database, log, sealer } = options;
  let states: ReadonlyMap<string, AccountState> = new Map();
  const opened = new Map<string, Opened>();

  async function refresh(): Promise<void> {
    const read = await readAccounts(database.pool);
    states = new Map(read.map((state) => [state.account.name, state]));
    for (const [name, { line }] of opened) line.heardOpen(states.get(name)?.openMs ?? 0);
  }

  function open({ account, sealedSecrets }: AccountState): Opened {
    const { kind, name, settings, version } = account;
    const secrets = JSON.parse(sealer.open(sealedSecrets, owner(name))) as unknown;
    const provider = createProvider(kind, { name, settings, secrets });
    options.opened?.(provider);
    const line = createAccountLine({
      ...{ database, log, provider, current: () => states.get(name)?.account ?? account },
      close: (forMs, reason) =>
        void closeAccount(database.pool, { name, forMs, reason }).catch(() => {}),
    });
    return { version, line };
  }

  await refresh();
  const timer = setInterval(() => {
    refresh().catch((error) => {
      if (!isTransient(error)) log.error({ err: error }, 'provider accounts could not be read');
    });
  }, REFRESH_INTERVAL_MS).unref();

  return {
    all: () => [...states.values()],
    get: (name) => states.get(name),
    admits(name) {
      const state = states.get(name);
      if (!state?.account.enabled) return false;
      const known = opened.get(name);
      // One that was opened before the last change knows of troubles that the change has ended.
      return known?.version === state.account.version ? known.line.admits() : state.openMs === 0;
    },
    async save(tx, { secrets, ...account }, actor) {
      const now = clock.now();
      const before = await lockAccount(tx, account.name);
      const whole = secrets ?? keptSecrets(before, account, sealer);
      // Made and thrown away: it finds what is wrong with its settings.
      await createProvider(account.kind, { ...account, secrets: whole }).close?.();
      const sealedSecrets = sealer.seal(JSON.stringify(whole), owner(account.name));
      await writeAccount(tx, { account, sealedSecrets, now });
      await insertAccountChange(tx, {
        ...{ name: account.name, at: now, actor, before: before?.account },
        after: { ...account, secrets_changed: secrets !== undefined },
      });
      // Here at once; elsewhere within a second.
      afterCommit(tx, () => void refresh().catch(() => {}));
    },
    line(name) {
      const state = states.get(name);
      if (!state) return undefined;
      const known = opened.get(name);
      if (known?.version === state.account.version) return known.line;
      void known?.line.provider.close?.();
      const made = open(state);
      opened.set(name, made);
      return made.line;
    },
    refresh,
    async close() {
      clearInterval(timer);
      await Promise.all([...opened.values()].map(({ line }) => line.provider.close?.()));
    },
  };
}

function keptSecrets(
  before: AccountState | undefined,
  account: Omit<ProviderAccount, 'version'>,
  sealer: Sealer,
): unknown {
  if (before && before.account.kind === account.kind)
    return JSON.parse(sealer.open(before.sealedSecrets, owner(account.name)));
  throw fail(
    'provider_secrets_missing',
    `There are no credentials of ${account.name} for a provider of kind ${account.kind} yet: name them in secrets.`,
    { faults: [{ field: 'secrets', message: 'needed for a new account or kind' }] },
  );
}
