import type { Sealer } from '#auth';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { type FieldFault, must } from '#errors';
import { receiptTaxes, taxSystems } from '#payments/card-gateway';
import {
  type GatewayAccount,
  type GatewayAccountState,
  gatewayKinds,
  type NewGatewayAccount,
} from './account.ts';
import {
  insertGatewayAccount,
  insertGatewayAccountChange,
  lockGatewayAccount,
  readGatewayAccount,
  updateGatewayAccount,
} from './account-store.ts';
import { fail } from './errors.ts';
import { accountInvalid, type GatewayMakers, makerOf, mustFit } from './gateway-maker.ts';

export interface SaveContext {
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly makers: GatewayMakers;
}

type Secrets = Readonly<Record<string, unknown>>;

/** A sealed text of one account opens in no other row. */
const owner = (name: string) => `payments_gateway_account/${name}/secrets`;

export function openSecrets(
  sealer: Sealer,
  { account, sealedSecrets }: GatewayAccountState,
): Secrets {
  return JSON.parse(sealer.open(sealedSecrets, owner(account.name))) as Secrets;
}

/** Words that stand at the same place in our own routes: `/v1/webhooks/…`. */
const RESERVED_NAMES = new Set(['endpoints', 'deliveries']);

/**
 * Creates or replaces one. Two who write at once come one after the other, and the record of changes tells it so. Throws
 * what the errors of `errors.ts` say, and what the kind finds wrong, naming each field.
 */
export async function saveGatewayAccount(
  tx: Tx,
  given: NewGatewayAccount,
  { actor, ...context }: SaveContext & { readonly actor: string },
): Promise<GatewayAccountState> {
  const { ifVersion, secrets, ...account } = given;
  mustRoute(account);
  const maker = makerOf(context.makers, account.kind);
  const write = async (before: GatewayAccountState | undefined) => {
    mustFollow(before, given);
    const whole = { ...keptSecrets(before, given, context.sealer), ...secrets };
    mustFit(maker, { settings: account.settings, secrets: whole });
    // Made and thrown away: it finds what schemas can't.
    const gateway = maker.make({ ...account, secrets: whole });
    await gateway.close();
    if (account.receipts && !gateway.capabilities.receipts)
      throw accountInvalid([
        { field: 'receipts', message: `go with no gateway of kind ${account.kind}: leave it out` },
      ]);
    const sealedSecrets = context.sealer.seal(JSON.stringify(whole), owner(account.name));
    return { account, sealedSecrets, now: context.clock.now() };
  };

  let before = await lockGatewayAccount(tx, account.name);
  if (!before && !(await insertGatewayAccount(tx, await write(undefined)))) {
    before = await lockGatewayAccount(tx, account.name);
    must(before, 'a gateway account that is in the way is there: none is ever deleted');
  }
  if (before) await updateGatewayAccount(tx, await write(before));
  await insertGatewayAccountChange(tx, {
    ...{ name: account.name, at: context.clock.now(), actor, before: before?.account },
    after: { ...account, secrets_changed: Object.keys(secrets ?? {}).toSorted() },
  });
  const after = await readGatewayAccount(tx, account.name);
  must(after, 'a gateway account that was written is there');
  return after;
}

/** Those that open no more (under another secret of the house) are no hindrance to new ones. */
function keptSecrets(
  before: GatewayAccountState | undefined,
  { secrets }: NewGatewayAccount,
  sealer: Sealer,
): Secrets {
  if (!before) return {};
  try {
    return openSecrets(sealer, before);
  } catch (error) {
    if (secrets === undefined) throw error;
    return {};
  }
}

/** It takes no new payment from now on. Answers undefined where there is none. */
export async function disableGatewayAccount(
  tx: Tx,
  name: string,
  { actor, clock }: Pick<SaveContext, 'clock'> & { readonly actor: string },
): Promise<GatewayAccountState | undefined> {
  const before = await lockGatewayAccount(tx, name);
  if (!before?.account.enabled) return before;
  const { version: _, ...account } = { ...before.account, enabled: false };
  const now = clock.now();
  await updateGatewayAccount(tx, { account, sealedSecrets: before.sealedSecrets, now });
  await insertGatewayAccountChange(tx, {
    ...{ name, at: now, actor, before: before.account },
    after: { ...account, secrets_changed: [] },
  });
  return readGatewayAccount(tx, name);
}

function mustFollow(before: GatewayAccountState | undefined, given: NewGatewayAccount): void {
  const { ifVersion, kind, name } = given;
  const version = before?.account.version ?? 0;
  if (ifVersion !== undefined && ifVersion !== version) {
    throw fail(
      'gateway_changed',
      `Gateway ${name} is at version ${version} by now. Read it again, and change that.`,
      { faults: [{ field: 'version', message: `is ${version} by now` }] },
    );
  }
  if (before && before.account.kind !== kind) {
    throw fail(
      'gateway_kind_fixed',
      `Gateway ${name} is ${before.account.kind}, and payments rely on it. Make another account.`,
      { faults: [{ field: 'kind', message: `must stay ${before.account.kind}` }] },
    );
  }
}

const RATE_MOST = 100_000;
const UNSHOWABLE = /[\p{Cc}\p{Cs}]/u;

/** What holds of accounts of any kind. */
function mustRoute(account: Omit<GatewayAccount, 'version'>): void {
  const { amountMaxMinor, amountMinMinor, brands, currencies, name } = account;
  const { receipts, requestsPerSecond, title } = account;
  const faults: FieldFault[] = [];
  const find = (isWrong: boolean, field: string, message: string) => {
    if (isWrong) faults.push({ field, message });
  };
  find(!gatewayKinds.includes(account.kind), 'kind', `must be one of ${gatewayKinds.join(', ')}`);
  find(!/^[a-z][a-z0-9_]{1,30}$/.test(name), 'name', 'must be a word of small letters and digits');
  find(RESERVED_NAMES.has(name), 'name', 'is a word of our own addresses: choose another');
  find(title.trim() === '' || UNSHOWABLE.test(title), 'title', 'must be a text that can be shown');
  const isRate = requestsPerSecond > 0 && requestsPerSecond <= RATE_MOST;
  find(!isRate, 'requests_per_second', `must be above 0, and ${RATE_MOST} at most`);
  find(!isWhole(account.weight), 'weight', 'must be a whole number, 0 or more');
  find(!isWhole(account.reserve ?? 0), 'reserve', 'must be a whole number, 0 or more');
  for (const field of ['currencies', 'brands', 'methods'] as const)
    find(account[field]?.length === 0, field, 'names nothing: leave it out where any will do');
  find(!matches(currencies, /^[A-Z]{3}$/), 'currencies', 'must be ISO 4217, such as RUB');
  find(!matches(brands, BRAND), 'brands', 'must be words of small letters, such as visa');
  const bounds = [amountMinMinor, amountMaxMinor].filter((bound) => bound !== undefined);
  const isClear = bounds.length === 0 || currencies?.length === 1;
  find(!isClear, 'currencies', 'must name one currency where amounts are limited');
  find((amountMinMinor ?? 0n) < 0n, 'amount_min_minor', 'must not be below 0');
  const least = amountMinMinor ?? 0n;
  find((amountMaxMinor ?? least) < least, 'amount_max_minor', 'must not be below the least');
  if (receipts) {
    const { defaultTax, taxSystem } = receipts;
    const oneOf = (words: readonly string[]) => `is required, one of ${words.join(', ')}`;
    find(!taxSystems.includes(taxSystem), 'receipts.tax_system', oneOf(taxSystems));
    find(!receiptTaxes.includes(defaultTax), 'receipts.default_tax', oneOf(receiptTaxes));
  }
  if (faults.length > 0) throw accountInvalid(faults);
}

const BRAND = /^[a-z][a-z0-9_]{1,30}$/;

function matches(words: readonly string[] | undefined, pattern: RegExp): boolean {
  return words?.every((word) => pattern.test(word)) ?? true;
}

const WHOLE_MOST = 2_147_483_647;
const isWhole = (value: number) => Number.isInteger(value) && value >= 0 && value <= WHOLE_MOST;
