import { type Executor, sql, type Tx } from '#database';
import type { OutgoingSms, SmsState } from './message.ts';

export interface SmsRow {
  readonly id: bigint;
  readonly provider: string;
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly priority: number;
  readonly reference: string | null;
  readonly state: SmsState;
  readonly attempts: number;
  readonly expires_at: Date;
  readonly error: string | null;
}

const COLUMNS =
  sql.raw(`m.id, m.provider, m.recipient, m.sender, m.body, m.kind, m.secret, m.priority,
  m.reference, m.state, m.attempts, m.expires_at, m.error`);

/** A secret text without its secret: as soon as it is of no more use nothing else stays. */
const BLOTTED = sql.raw(
  `case when m.secret then regexp_replace(m.body, '[0-9]{4,}', '•••••', 'g') else m.body end`,
);

/** Writes messages down; those whose fact has asked before are left out of the answer. */
export async function insertMessages(
  tx: Tx,
  input: {
    readonly messages: readonly (OutgoingSms & { readonly id: bigint })[];
    readonly now: Date;
  },
): Promise<readonly SmsRow[]> {
  const { messages, now } = input;
  const { rows } = await sql<SmsRow>`
    insert into sms.message as m (id, provider, recipient, sender, body, kind, secret, priority, reference,
      dedupe_key, created_at, expires_at)
    select id, provider, recipient, sender, body, kind, secret, priority, reference, dedupe_key, ${now}, expires_at
    from unnest(
      ${messages.map((one) => one.id)}::bigint[], ${messages.map((one) => one.provider)}::text[],
      ${messages.map((one) => one.recipient)}::text[], ${messages.map((one) => one.sender)}::text[],
      ${messages.map((one) => one.body)}::text[], ${messages.map((one) => one.kind)}::text[],
      ${messages.map((one) => one.secret ?? false)}::boolean[],
      ${messages.map((one) => one.priority ?? 0)}::smallint[],
      ${messages.map((one) => one.reference ?? null)}::text[],
      ${messages.map((one) => one.dedupeKey ?? null)}::text[],
      ${messages.map((one) => one.expiresAt)}::timestamptz[]
    ) as n (id, provider, recipient, sender, body, kind, secret, priority, reference, dedupe_key, expires_at)
    on conflict (dedupe_key) where dedupe_key is not null do nothing
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** Takes messages that wait; one that is past its time ends here. */
export async function claimMessages(
  tx: Tx,
  input: {
    readonly ids: readonly bigint[];
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set
      state = case when m.expires_at > ${input.now} then 'claimed' else 'expired' end,
      closed_at = case when m.expires_at > ${input.now} then null else ${input.now}::timestamptz end,
      body = case when m.expires_at > ${input.now} then m.body else ${BLOTTED} end,
      owner = ${input.owner}, lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    where m.id = any (${input.ids}::bigint[]) and m.state = 'queued'
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

export async function adoptClaimed(
  tx: Tx,
  input: {
    readonly provider: string;
    readonly owner: string;
    readonly leaseMs: number;
    readonly most: number;
  },
): Promise<SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set owner = ${input.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    where m.id = any (array(
      select id from sms.message
      where provider = ${input.provider} and closed_at is null and state = 'claimed'
        and lease_until < clock_timestamp()
      order by id limit ${input.most} for update skip locked
    ))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

export async function markSubmitting(
  executor: Executor,
  input: {
    readonly ids: readonly bigint[];
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = 'submitting', attempts = m.attempts + 1,
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    where m.id = any (${input.ids}::bigint[]) and m.state = 'claimed' and m.owner = ${input.owner}
      and m.lease_until > clock_timestamp() and m.expires_at > ${input.now}
    returning ${COLUMNS}`.execute(executor);
  return rows;
}

export async function expireClaimed(
  tx: Tx,
  input: { readonly ids: readonly bigint[]; readonly owner: string; readonly now: Date },
): Promise<SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = 'expired', closed_at = ${input.now}, body = ${BLOTTED}
    where m.id = any (${input.ids}::bigint[]) and m.state = 'claimed' and m.owner = ${input.owner}
      and m.expires_at <= ${input.now}
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

export interface SmsResult {
  readonly id: bigint;
  readonly attempt: number;
  readonly state: SmsState;
  readonly providerMessageId: string | null;
  readonly error: string | null;
}

/** Records what became of attempts. A secret text is blotted out as soon as it is of no more use. */
export async function settleMessages(
  tx: Tx,
  input: { readonly results: readonly SmsResult[]; readonly now: Date },
): Promise<SmsRow[]> {
  const { results, now } = input;
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = r.state, error = r.error,
      provider_message_id = coalesce(r.provider_message_id, m.provider_message_id),
      closed_at = case when r.state = 'queued' then null else ${now}::timestamptz end,
      body = case when r.state = 'queued' then m.body else ${BLOTTED} end
    from unnest(
      ${results.map((one) => one.id)}::bigint[], ${results.map((one) => one.attempt)}::smallint[],
      ${results.map((one) => one.state)}::text[], ${results.map((one) => one.providerMessageId)}::text[],
      ${results.map((one) => one.error)}::text[]
    ) as r (id, attempt, state, provider_message_id, error)
    where m.id = r.id and m.attempts = r.attempt
      and (m.state = 'submitting' or (m.state = 'unknown' and r.state = 'sent'))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

export async function findLostSubmissions(
  tx: Tx,
  provider: string,
  most: number,
): Promise<SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.provider = ${provider} and m.closed_at is null and m.state = 'submitting'
      and m.lease_until < clock_timestamp()
    order by m.id limit ${most} for update skip locked`.execute(tx);
  return rows;
}

export async function findMessage(executor: Executor, id: bigint): Promise<SmsRow | undefined> {
  const { rows } =
    await sql<SmsRow>`select ${COLUMNS} from sms.message m where m.id = ${id}`.execute(executor);
  return rows[0];
}

export interface IncomingRow {
  readonly provider: string;
  readonly id: string;
  readonly sender: string;
  readonly shortCode: string;
  readonly body: string;
  readonly receivedAt: Date;
}

/** True when it is new; false when the provider has delivered it before. */
export async function insertIncoming(tx: Tx, row: IncomingRow): Promise<boolean> {
  const { rows } = await sql`
    insert into sms.incoming (provider, provider_message_id, sender, short_code, body, received_at)
    values (${row.provider}, ${row.id}, ${row.sender}, ${row.shortCode}, ${row.body}, ${row.receivedAt})
    on conflict do nothing returning provider`.execute(tx);
  return rows.length > 0;
}
