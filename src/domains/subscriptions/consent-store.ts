import { type Executor, prepared, sql, type Tx } from '#database';
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
  const { rows } = await prepared<CustomerRow>`
    select id, msisdn, consent_hash from subscriptions.lock_customers(${distinct}::text[], ${now}::timestamptz)`.execute(
    tx,
  );
  if (rows.length === distinct.length) return rows;
  // Somebody else has made one this very moment: it is seen only from here on.
  const all = await sql<CustomerRow>`
    select id, msisdn, consent_hash from subscriptions.customer
    where msisdn = any (${distinct}::text[]) order by id for no key update`.execute(tx);
  return all.rows;
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

/**
 * Writes consents down, and each customer's newest hash beside it: one statement with one parameter, since this is
 * what a person waits for. Of one customer's consents the last in the list is the newest. Answers the visits of those
 * that were written: a visit that has given a consent before, also this very moment, gives no other.
 */
export async function insertConsents(
  tx: Tx,
  consents: readonly ConsentRow[],
): Promise<ReadonlySet<string>> {
  const { rows } = await prepared<{ visit: string }>`
    select visit from subscriptions.write_consents(${toJson(consents)}::json) as visit`.execute(tx);
  return new Set(rows.map((row) => row.visit));
}

function toJson(consents: readonly ConsentRow[]): string {
  return JSON.stringify(
    consents.map((row) => ({
      customer_id: row.customerId.toString(),
      id: row.id.toString(),
      service_id: row.serviceId,
      terms_version: row.termsVersion,
      visit: row.visit,
      method: row.method,
      text_shown: row.textShown,
      price_shown: row.priceShown,
      locale: row.locale,
      evidence: row.evidence,
      attribution: row.attribution,
      shown_at: row.shownAt,
      confirmed_at: row.confirmedAt,
      previous_hash: row.previousHash?.toString('hex') ?? null,
      hash: row.hash.toString('hex'),
    })),
  );
}

/** In which language a customer has last agreed to something. */
export async function findLocaleAgreedIn(
  executor: Executor,
  customerId: bigint,
): Promise<string | undefined> {
  const { rows } = await sql<{ locale: string }>`
    select locale from subscriptions.consent where customer_id = ${customerId} order by id desc limit 1`.execute(
    executor,
  );
  return rows[0]?.locale;
}
