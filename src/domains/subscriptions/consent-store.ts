import { type Executor, sql, type Tx } from '#database';
import { formatId } from '#ids';

export interface CustomerRow {
  readonly id: bigint;
  readonly msisdn: string;
  readonly consent_hash: Buffer | null;
}

/**
 * Makes the customers of these numbers where they are new, and locks them all, in the order of their ids: whoever
 * changes what a customer has takes this lock first.
 */
export async function lockCustomersByMsisdn(
  tx: Tx,
  msisdns: readonly string[],
  now: Date,
): Promise<readonly CustomerRow[]> {
  const distinct = [...new Set(msisdns)].sort();
  await sql`
    insert into subscriptions.customer (msisdn, created_at)
    select msisdn, ${now} from unnest(${distinct}::text[]) msisdn
    where not exists (select from subscriptions.customer c where c.msisdn = msisdn.msisdn)
    on conflict do nothing`.execute(tx);
  const { rows } = await sql<CustomerRow>`
    select id, msisdn, consent_hash from subscriptions.customer
    where msisdn = any (${distinct}::text[]) order by id for no key update`.execute(tx);
  return rows;
}

export interface ConsentRow {
  readonly customerId: bigint;
  readonly id: bigint;
  readonly serviceId: number;
  readonly termsVersion: number;
  readonly visit: string;
  readonly method: string;
  readonly textShown: string;
  readonly priceShown: string;
  readonly locale: string;
  readonly evidence: unknown;
  readonly attribution: unknown;
  readonly shownAt: Date;
  readonly confirmedAt: Date;
  readonly previousHash: Buffer | null;
  readonly hash: Buffer;
}

/** A consent that a visit has given: its id, and for which number. */
export interface GivenConsent {
  /** `con_…` */
  readonly consent: string;
  readonly msisdn: string;
}

/** The consents that these visits have given before, by visit. */
export async function findConsentsByVisit(
  executor: Executor,
  visits: readonly string[],
): Promise<ReadonlyMap<string, GivenConsent>> {
  if (visits.length === 0) return new Map();
  const { rows } = await sql<{ visit: string; customer_id: bigint; id: bigint; msisdn: string }>`
    select k.visit, k.customer_id, k.id, c.msisdn
    from subscriptions.consent k join subscriptions.customer c on c.id = k.customer_id
    where k.visit = any (${visits}::text[])`.execute(executor);
  return new Map(
    rows.map(({ customer_id: customerId, id, msisdn, visit }) => [
      visit,
      { consent: formatId('con', { customerId, id }), msisdn },
    ]),
  );
}

export async function insertConsents(tx: Tx, consents: readonly ConsentRow[]): Promise<void> {
  const column = <Value>(read: (row: ConsentRow) => Value) => consents.map(read);
  await sql`
    insert into subscriptions.consent (customer_id, id, service_id, terms_version, visit, method, text_shown,
      price_shown, locale, evidence, attribution, shown_at, confirmed_at, previous_hash, hash)
    select * from unnest(
      ${column((row) => row.customerId)}::bigint[], ${column((row) => row.id)}::bigint[],
      ${column((row) => row.serviceId)}::integer[], ${column((row) => row.termsVersion)}::integer[],
      ${column((row) => row.visit)}::text[], ${column((row) => row.method)}::text[],
      ${column((row) => row.textShown)}::text[], ${column((row) => row.priceShown)}::text[],
      ${column((row) => row.locale)}::text[], ${column((row) => JSON.stringify(row.evidence))}::jsonb[],
      ${column((row) => JSON.stringify(row.attribution))}::jsonb[], ${column((row) => row.shownAt)}::timestamptz[],
      ${column((row) => row.confirmedAt)}::timestamptz[], ${column((row) => row.previousHash)}::bytea[],
      ${column((row) => row.hash)}::bytea[])`.execute(tx);
}

export async function updateConsentHashes(
  tx: Tx,
  customers: readonly { readonly id: bigint; readonly hash: Buffer }[],
): Promise<void> {
  await sql`
    update subscriptions.customer c set consent_hash = n.hash
    from unnest(${customers.map((one) => one.id)}::bigint[], ${customers.map((one) => one.hash)}::bytea[]) as n (id, hash)
    where c.id = n.id`.execute(tx);
}
