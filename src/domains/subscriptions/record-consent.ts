import { createHash } from 'node:crypto';
import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { AppError } from '#errors';
import { formatId, type IdSource } from '#ids';
import type { Catalogue } from './catalogue.ts';
import type { ConsentInput, ConsentResult } from './consent.ts';
import {
  type ConsentRow,
  type CustomerRow,
  findConsentsByVisit,
  insertConsents,
  lockCustomersByMsisdn,
} from './consent-store.ts';
import { fail } from './errors.ts';
import type { ServiceTerms } from './service-store.ts';
import { newSubscriptions } from './topics.ts';

export interface RecordConsentOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly catalogue: Catalogue;
}

/**
 * Writes consents down and publishes them to their operators. A visit that confirmed before changes nothing. Throws
 * `service_unknown`, `service_closed`, and `terms_outdated` when the price has changed since it was shown.
 */
export async function recordConsent(
  options: RecordConsentOptions,
  tx: Tx,
  inputs: readonly ConsentInput[],
): Promise<readonly ConsentResult[]> {
  const { results, written } = await writeConsents(options, tx, inputs);
  const byOperator = Map.groupBy(written, (row) => row.operator);
  await options.bus.publishAll(
    tx,
    [...byOperator].map(([operator, some]) =>
      parcel(
        newSubscriptions(operator),
        some.map(({ consent, customerId, msisdn, service }) => ({
          key: customerId.toString(),
          payload: { consent, msisdn, service },
        })),
      ),
    ),
  );
  return results;
}

/** A consent that is new. */
export interface WrittenConsent {
  readonly customerId: bigint;
  /** `con_…` */
  readonly consent: string;
  readonly msisdn: string;
  readonly service: string;
  readonly operator: string;
}

/** Writes consents down, each chained to its customer's one before, and tells nobody. Throws as `recordConsent` does. */
export async function writeConsents(
  { catalogue, clock, ids }: Omit<RecordConsentOptions, 'bus'>,
  tx: Tx,
  inputs: readonly ConsentInput[],
): Promise<{
  readonly results: readonly ConsentResult[];
  readonly written: readonly WrittenConsent[];
}> {
  const terms = await Promise.all(inputs.map((input) => findTerms(catalogue, input)));
  const now = clock.now();
  const customers = await lockCustomersByMsisdn(
    tx,
    inputs.map((input) => input.msisdn),
    now,
  );
  const byMsisdn = new Map(customers.map((customer) => [customer.msisdn, customer]));
  const before = await findConsentsByVisit(tx, visitsToLookUp(inputs, byMsisdn));
  const hashes = new Map(customers.map((customer) => [customer.id, customer.consent_hash]));
  const given = new Map(before);
  const rows: (ConsentRow & { readonly input: ConsentInput; readonly terms: ServiceTerms })[] = [];
  const results: ConsentResult[] = [];
  for (const [index, input] of inputs.entries()) {
    const known = given.get(input.visit);
    if (known) {
      results.push({ outcome: 'replayed', ...known });
      continue;
    }
    const customerId = byMsisdn.get(input.msisdn)?.id as bigint;
    const row = toRow(input, {
      terms: terms[index] as ServiceTerms,
      key: { customerId, id: ids.next(now.getTime()) },
      previousHash: hashes.get(customerId) ?? null,
    });
    rows.push(row);
    hashes.set(customerId, row.hash);
    const consent = { consent: formatId('con', row), msisdn: input.msisdn };
    given.set(input.visit, consent);
    results.push({ outcome: 'recorded', ...consent });
  }
  if (rows.length === 0) return { results, written: [] };
  const visits = await insertConsents(tx, rows);
  if (visits.size < rows.length) await tellReplayed(tx, { rows, written: visits, inputs, results });
  const written = rows.filter((row) => visits.has(row.visit));
  return { results, written: written.map(toWritten) };
}

function toWritten(
  row: ConsentRow & { readonly input: ConsentInput; readonly terms: ServiceTerms },
) {
  const { msisdn, serviceCode: service } = row.input;
  const { operator } = row.terms;
  return { customerId: row.customerId, consent: formatId('con', row), msisdn, service, operator };
}

/**
 * Where a visit may have given its consent already: its customer has given one before, or two are here now. Most
 * people come for the first time, and cost no look; whoever is overlooked is found by the insert itself.
 */
function visitsToLookUp(
  inputs: readonly ConsentInput[],
  customers: ReadonlyMap<string, CustomerRow>,
): readonly string[] {
  const counts = new Map<string, number>();
  for (const { msisdn } of inputs) counts.set(msisdn, (counts.get(msisdn) ?? 0) + 1);
  return inputs
    .filter(({ msisdn }) => customers.get(msisdn)?.consent_hash || (counts.get(msisdn) ?? 0) > 1)
    .map((input) => input.visit);
}

interface Written {
  readonly rows: readonly ConsentRow[];
  readonly written: ReadonlySet<string>;
  readonly inputs: readonly ConsentInput[];
  readonly results: ConsentResult[];
}

/** Visits that another number, or this very moment another process, has confirmed. */
async function tellReplayed(tx: Tx, { inputs, results, rows, written }: Written): Promise<void> {
  const late = rows.filter((row) => !written.has(row.visit));
  const heirs = new Set(
    rows.flatMap((row) => (row.previousHash ? [row.previousHash.toString('hex')] : [])),
  );
  if (late.some((row) => heirs.has(row.hash.toString('hex')))) {
    throw new AppError(
      'unavailable',
      'consent_overtaken',
      'The same was confirmed elsewhere. Try again.',
    );
  }
  const given = await findConsentsByVisit(
    tx,
    late.map((row) => row.visit),
  );
  for (const [index, input] of inputs.entries()) {
    const known = given.get(input.visit);
    if (known) results[index] = { outcome: 'replayed', ...known };
  }
}

async function findTerms(catalogue: Catalogue, input: ConsentInput): Promise<ServiceTerms> {
  const terms = await catalogue.newest(input.serviceCode);
  if (!terms) throw fail('service_unknown', `There is no service ${input.serviceCode}.`);
  if (!terms.open) throw fail('service_closed', `${terms.title} takes no new subscriptions.`);
  if (terms.version !== input.termsVersion) {
    throw fail('terms_outdated', `The price of ${terms.title} has changed since it was shown.`);
  }
  return terms;
}

interface Chained {
  readonly terms: ServiceTerms;
  readonly key: { readonly customerId: bigint; readonly id: bigint };
  readonly previousHash: Buffer | null;
}

function toRow(input: ConsentInput, { key, previousHash, terms }: Chained) {
  const row = {
    ...key,
    serviceId: terms.serviceId,
    termsVersion: input.termsVersion,
    visit: input.visit,
    method: input.method,
    textShown: input.textShown,
    priceShown: input.priceShown,
    locale: input.locale,
    evidence: input.evidence,
    attribution: input.attribution,
    shownAt: input.shownAt,
    confirmedAt: input.confirmedAt,
  };
  return { ...row, previousHash, hash: hashOf(row, previousHash), input, terms };
}

/** SHA-256 over the hash before and every stored fact, keys sorted, so that anyone can compute it again. */
export function hashOf(
  facts: Readonly<Record<string, unknown>>,
  previousHash: Buffer | null,
): Buffer {
  const hash = createHash('sha256');
  if (previousHash) hash.update(previousHash);
  return hash.update(canonical(facts)).digest();
}

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
