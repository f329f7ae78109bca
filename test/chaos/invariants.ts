import assert from 'node:assert/strict';
import { type Database, type RawBuilder, sql } from '#database';
import { parseId } from '#ids';
import { eventually } from '#testing';
import type { Debit } from './operator-book.ts';
import { judgeRefunds } from './refund-invariants.ts';
import type { Stage } from './stage.ts';

/**
 * What must hold whatever dies: nobody is debited twice for a bill, and exactly once where we say paid; nobody
 * is given back twice, and once where we say refunded; nothing is sent after STOP; what was answered with 2xx is processed once; no message reaches a handset twice; no
 * subscription stands without its consent; nothing is forgotten or older than its limit. Judged by the operator's
 * own book and by the tables, never by what a process says of itself.
 */
export async function assertInvariants(
  stage: Stage,
  expected: { readonly confirmed?: readonly string[] } = {},
): Promise<void> {
  const judged = await judgeInvariants(stage, expected);
  assert.deepEqual(
    judged.flatMap((one) => one.findings),
    [],
  );
}

/** One promise, and where it does not hold. */
export interface Judged {
  readonly invariant: string;
  readonly findings: readonly string[];
}

/** Each of the promises above with what speaks against it. */
export async function judgeInvariants(
  stage: Stage,
  expected: { readonly confirmed?: readonly string[] } = {},
): Promise<readonly Judged[]> {
  const { database } = stage;
  const judge = async (invariant: string, findings: Promise<readonly string[]>) => ({
    invariant,
    findings: await findings,
  });
  return [
    await judge('a bill is debited at most once, and once if it is paid', judgeDebits(stage)),
    await judge('money is given back once where we say so', judgeRefunds(stage)),
    await judge('an SMS reaches a handset at most once', judgeMessages(stage)),
    await judge(
      'what was answered with yes is a consent',
      findUnheard(database, expected.confirmed ?? []),
    ),
    await judge('a consent has one subscription', ask(database, consents, 'consent')),
    await judge('nothing alive is forgotten', ask(database, forgotten, 'forgotten')),
    await judge('no lease or message is too old', ask(database, leases, 'older than its limit')),
    await judge('nothing is reported twice', ask(database, reportedTwice, 'reported twice')),
    await judge(
      'each charge and refund is posted once, and the books balance',
      ask(database, books, 'books'),
    ),
    await judge('no message is dead', ask(database, deadLetters, 'dead letter')),
    await judge('no deadlock', ask(database, deadlocks, 'deadlocks')),
  ];
}

const QUIET_MS = 25_000;

/** Waits until nothing moves any more: no message, no open work, nobody at the door. */
export async function untilQuiet(stage: Stage, timeoutMs = QUIET_MS): Promise<void> {
  let before = '';
  await eventually(
    async () => {
      const { rows } = await moving.execute(stage.database.pool);
      const withBroker = await stage.countWithBroker();
      const found = JSON.stringify([rows[0]?.left, withBroker]);
      const settled = found === before && rows[0]?.left === null && withBroker === 0;
      before = found;
      if (!settled) throw new Error(`still moving: ${found}`);
    },
    { timeoutMs, intervalMs: 60 },
  );
}

/** A payment that nobody can be asked about waits for people; all others are on their way somewhere. */
const moving = sql<{ left: readonly string[] | null }>`
  select array_agg(what) as left from (
    select q.topic || ' ' || sum(size) as what from platform.bus_parcel m join platform.bus_queue q using (queue)
      group by q.topic
    union all select 'unsent ' || topic from platform.bus_outgoing
    union all select 'delayed ' || q.topic from platform.bus_delayed d join platform.bus_queue q using (queue)
    union all select 'payment ' || state from payments.payment
      where closed_at is null and not (state = 'unknown' and next_inquiry_at is null)
    union all select 'sms ' || state from sms.message where closed_at is null
    union all select 'registered' from subscriptions.subscription where status = 'registered'
    union all select 'due' from subscriptions.subscription where due_at <= clock_timestamp()
    union all select 'consent' from subscriptions.consent k
      where not exists (select from subscriptions.subscription s where s.consent_id = k.id)
  ) x`;

interface Charge {
  readonly customer_id: bigint;
  readonly id: bigint;
  readonly reference: string;
  readonly msisdn: string;
  readonly amount_minor: bigint;
  readonly state: string;
  readonly sent_at: Date | null;
  readonly stopped_at: Date | null;
  readonly closed_at: Date | null;
}

interface Bill {
  readonly customer_id: bigint;
  readonly subscription_id: bigint;
  readonly period: number;
  readonly state: string;
  readonly amount_minor: bigint;
  readonly status: string;
  readonly ended_at: Date | null;
}

async function judgeDebits({ book, database }: Stage): Promise<string[]> {
  const debits = await book.debits();
  const { rows: charges } = await sql<Charge>`
    select * from payments.payment where kind = 'charge'`.execute(database.pool);
  const { rows: bills } = await sql<Bill>`
    select b.*, s.status, s.ended_at from subscriptions.bill b
    join subscriptions.subscription s on s.customer_id = b.customer_id and s.id = b.subscription_id`.execute(
    database.pool,
  );
  const chargeOf = new Map(charges.map((charge) => [charge.id.toString(), charge]));
  const billOf = new Map(bills.map((bill) => [nameOf(bill), bill]));
  const byBill = Map.groupBy(debits, (debit) => billName(debit.external_data));
  const findings = debits.flatMap((debit) =>
    judgeDebit(
      debit,
      chargeOf.get(debit.transaction_id),
      billOf.get(billName(debit.external_data)),
    ),
  );
  for (const [name, some] of byBill) {
    if (some.length > 1) findings.push(`bill ${name} was debited ${some.length} times`);
  }
  for (const bill of bills.filter(({ state }) => state === 'paid')) {
    const paid = byBill.get(nameOf(bill)) ?? [];
    if (paid.length !== 1)
      findings.push(`bill ${nameOf(bill)} is paid, with ${paid.length} debits`);
    if (paid.some(({ amount_minor }) => BigInt(amount_minor) !== bill.amount_minor))
      findings.push(`bill ${nameOf(bill)} was debited another amount`);
  }
  return findings;
}

/** STOP and the step that sets `sending` meet in the database; processes read their clocks before that. */
const CLOCKS_APART_MS = 1000;

function judgeDebit(debit: Debit, charge: Charge | undefined, bill: Bill | undefined): string[] {
  const name = `debit ${debit.sequence} of ${debit.msisdn}`;
  if (!charge || !bill) return [`${name} has no payment or no bill of ours`];
  const findings: string[] = [];
  if (charge.msisdn !== `+${debit.msisdn}`) findings.push(`${name} is of another customer`);
  if (billName(charge.reference) !== nameOf(bill)) findings.push(`${name} is for another bill`);
  const open = charge.state === 'unknown' || charge.closed_at === null;
  if (!open && charge.state !== 'accepted') findings.push(`${name} counts as ${charge.state}`);
  if (!open && bill.state !== 'paid') findings.push(`${name} is for a bill that is ${bill.state}`);
  if (bill.status === 'cancelled' && bill.ended_at) {
    const sentMs = charge.sent_at?.getTime() ?? Number.POSITIVE_INFINITY;
    if (sentMs > bill.ended_at.getTime() + CLOCKS_APART_MS)
      findings.push(`${name} was sent ${sentMs - bill.ended_at.getTime()} ms after STOP`);
  }
  return findings;
}

function nameOf(bill: Pick<Bill, 'customer_id' | 'subscription_id' | 'period'>): string {
  return `${bill.customer_id}/${bill.subscription_id}/${bill.period}`;
}

/** `sub_…/0` as the tables have it. */
function billName(reference: string): string {
  const [subscription = '', period = ''] = reference.split('/');
  const { customerId, id } = parseId('sub', subscription);
  return `${customerId}/${id}/${period}`;
}

async function judgeMessages({ book, database }: Stage): Promise<string[]> {
  const delivered = await book.delivered();
  const times = Map.groupBy(delivered, (message) => message.client_id);
  const findings = [...times].flatMap(([id, some]) =>
    some.length > 1 ? [`${id} reached the handset ${some.length} times`] : [],
  );
  const { rows } = await sql<{ id: bigint; state: string; kind: string }>`
    select id, state, kind from sms.message`.execute(database.pool);
  const stateOf = new Map(rows.map((row) => [row.id, row.state]));
  const onHandset = new Set([...times.keys()].map((id) => parseId('sms', id).id));
  for (const id of onHandset) {
    const state = stateOf.get(id);
    if (state !== 'sent' && state !== 'unknown' && state !== 'submitting')
      findings.push(`message ${id} is on the handset and counts as ${state}`);
  }
  for (const row of rows) {
    if (row.state === 'sent' && !onHandset.has(row.id))
      findings.push(`message ${row.id} (${row.kind}) counts as sent and never arrived`);
  }
  return findings;
}

async function ask(
  { pool }: Database,
  question: RawBuilder<{ what: string }>,
  title: string,
): Promise<string[]> {
  const { rows } = await question.execute(pool);
  return rows.map((row) => `${title}: ${row.what}`);
}

/** One subscription for each consent, of the same customer, service and terms; none without. */
const consents = sql<{ what: string }>`
  select coalesce(k.id, s.consent_id)::text as what
  from subscriptions.consent k
  full join subscriptions.subscription s on s.consent_id = k.id and s.customer_id = k.customer_id
    and s.service_id = k.service_id and s.terms_version = k.terms_version
  where k.id is null or s.id is null`;

/** Alive without a due time, an open payment, or an open bill that people settle; or not alive and still asked for. */
const forgotten = sql<{ what: string }>`
  select s.id || ' ' || s.status as what from subscriptions.subscription s
  where s.status = any ('{registered,pending,trial,active,grace,hold}') and s.due_at is null and not exists (
    select from payments.payment p
    where p.customer_id = s.customer_id and p.closed_at is null and p.kind = 'charge'
  )
  union all
  select s.id || ' has ended and is due' from subscriptions.subscription s
  where s.status <> all ('{registered,pending,trial,active,grace,hold,paused}') and s.due_at is not null
  union all
  select b.subscription_id || '/' || b.period || ' is open, its subscription is ' || s.status
  from subscriptions.bill b
  join subscriptions.subscription s on s.customer_id = b.customer_id and s.id = b.subscription_id
  where b.closed_at is null and s.status <> all ('{pending,trial,active,grace,hold}')`;

/** Whoever looks for leases that ended does so every second. */
const LEASE_LATE = sql`interval '5 seconds'`;
const MESSAGE_LATE = sql`interval '60 seconds'`;

const leases = sql<{ what: string }>`
  select 'payment ' || id || ' ' || state as what from payments.payment
  where state in ('claimed', 'sending') and lease_until < clock_timestamp() - ${LEASE_LATE}
  union all
  select 'sms ' || id || ' ' || state from sms.message
  where state in ('claimed', 'submitting') and lease_until < clock_timestamp() - ${LEASE_LATE}
  union all
  select 'question about ' || id from payments.payment
  where state = 'unknown' and next_inquiry_at < clock_timestamp() - ${LEASE_LATE}
  union all
  select 'message of queue ' || queue from platform.bus_parcel
  where published_at < clock_timestamp() - ${MESSAGE_LATE}
  union all
  select 'unsent message of ' || topic from platform.bus_outgoing
  where published_at < clock_timestamp() - ${MESSAGE_LATE}
  union all
  select 'delayed message of queue ' || queue from platform.bus_delayed
  where due_at < clock_timestamp() - ${MESSAGE_LATE}`;

const reportedTwice = sql<{ what: string }>`
  select payment || ' ' || count(*) as what from reports.transaction group by payment having count(*) > 1`;

/** The ledger's own `verify` says more of its inside; this is what it owes the payments. */
const books = sql<{ what: string }>`
  select 'payment ' || p.id || ' ' || p.state || ' has ' || count(t.id) || ' transfers' as what
    from payments.payment p left join ledger.transfer t
      on t.id = (lpad(to_hex(p.id), 16, '0') || lpad(to_hex(p.customer_id), 16, '0'))::uuid
    group by p.customer_id, p.id, p.state having count(t.id) <> (p.state = 'accepted')::integer
  union all select 'the sum in ' || currency || ' is ' || sum(posted) from ledger.balance
    group by currency having sum(posted) <> 0
  union all select 'account ' || b.account_id || ' has ' || b.posted || ' and entries of ' || coalesce(sum(e.amount), 0)
    from ledger.balance b left join ledger.entry e on e.account_id = b.account_id
    group by b.account_id, b.posted having b.posted <> coalesce(sum(e.amount), 0)
  union all select 'gateways owe ' || coalesce(-sum(b.posted), 0) || ' and have kept ' ||
      (select coalesce(sum(case kind when 'charge' then amount_minor else -amount_minor end), 0)
        from payments.payment where state = 'accepted')
    from ledger.balance b join ledger.account a on a.id = b.account_id where a.type = 'receivable'
    having coalesce(-sum(b.posted), 0) <>
      (select coalesce(sum(case kind when 'charge' then amount_minor else -amount_minor end), 0)
        from payments.payment where state = 'accepted')`;

const deadLetters = sql<{ what: string }>`
  select q.topic || ': ' || d.error as what from platform.bus_dead d join platform.bus_queue q using (queue)`;

const deadlocks = sql<{ what: string }>`
  select deadlocks::text as what from pg_stat_database where datname = current_database() and deadlocks > 0`;

/** Whoever was told that it is done has a consent. */
async function findUnheard(database: Database, phones: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ msisdn: string }>`
    select n.msisdn from unnest(${phones.map((phone) => `+${phone}`)}::text[]) as n (msisdn)
    where not exists (
      select from subscriptions.consent k join subscriptions.customer c on c.id = k.customer_id
      where c.msisdn = n.msisdn
    )`.execute(database.pool);
  return rows.map((row) => `${row.msisdn} was told yes and has no consent`);
}
