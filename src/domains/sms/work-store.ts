import { deferred, type Executor, prepared, sql, type Tx } from '#database';
import { BLOTTED, COLUMNS, lockMessages, type SmsRow } from './message-store.ts';

// What senders take into their hands. A lease is by the database's clock; everything else is business time.

interface Claim {
  readonly ids: readonly bigint[];
  readonly provider: string;
  readonly owner: string;
  readonly leaseMs: number;
}

/** Takes messages that wait for this provider. One that was sent elsewhere meanwhile is somebody else's. */
export async function claimMessages(tx: Tx, claim: Claim): Promise<readonly SmsRow[]> {
  const { ids, leaseMs, owner, provider } = claim;
  const { rows } = await prepared<SmsRow>`
    select ${COLUMNS} from sms.claim_messages(${ids}::bigint[], ${provider}, ${owner}::uuid, ${leaseMs}::float8) m`.execute(
    tx,
  );
  return rows;
}

/** Takes over what a sender has claimed and not begun until its lease ended. */
export async function adoptClaimed(
  tx: Tx,
  input: {
    readonly provider: string;
    readonly owner: string;
    readonly leaseMs: number;
    readonly most: number;
  },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set owner = ${input.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    where m.id = any (array(
      select id from sms.message
      where provider = ${input.provider} and at_work and closed_at is null and state = 'claimed' and lease_until < clock_timestamp()
      order by id limit ${input.most} for update skip locked
    ))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** Of these messages those that this sender still holds, locked in order: nothing can befall them until it commits. */
export async function lockClaimed(
  tx: Tx,
  input: { readonly rows: readonly SmsRow[]; readonly owner: string },
): Promise<readonly SmsRow[]> {
  const { rows } = await prepared<Pick<SmsRow, 'id' | 'cancel_asked_at'>>`
    select m.id, m.cancel_asked_at from sms.lock_messages(${input.rows.map(({ id }) => id)}::bigint[]) m
    where m.state = 'claimed' and m.owner = ${input.owner} and m.lease_until > clock_timestamp()`.execute(
    tx,
  );
  const held = new Map(rows.map((row) => [row.id, row]));
  return input.rows.flatMap((row) => {
    const now = held.get(row.id);
    return now ? [{ ...row, state: 'claimed', cancel_asked_at: now.cancel_asked_at }] : [];
  });
}

/**
 * From here on messages, which the caller has locked, may leave: their attempt is counted, and their lease covers the whole
 * call. Answers their rows as they stand then.
 */
export async function markSubmitting(
  tx: Tx,
  input: {
    readonly marks: readonly { readonly row: SmsRow; readonly validUntil: Date }[];
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<readonly SmsRow[]> {
  const { leaseMs, marks, now, owner } = input;
  if (marks.length === 0) return [];
  await deferred`
    select sms.mark_submitting(${marks.map(({ row }) => row.id)}::bigint[],
      ${marks.map((one) => one.validUntil)}::timestamptz[], ${owner}::uuid, ${leaseMs}::float8, ${now}::timestamptz)`.execute(
    tx,
  );
  return marks.map(({ row, validUntil }) => ({
    ...row,
    ...{ state: 'submitting', attempts: row.attempts + 1, valid_until: validUntil, sent_at: now },
  }));
}

/** Messages that were sent, locked in order, as they stand now: of those that nobody has touched only what can have changed is read. */
export async function lockSent(tx: Tx, sent: readonly SmsRow[]): Promise<readonly SmsRow[]> {
  if (sent.length === 0) return [];
  const { rows } = await prepared<Pick<SmsRow, 'id' | 'state' | 'attempts' | 'cancel_asked_at'>>`
    select m.id, m.state, m.attempts, m.cancel_asked_at
    from sms.lock_messages(${sent.map(({ id }) => id)}::bigint[]) m`.execute(tx);
  const standing = new Map(rows.map((row) => [row.id, row]));
  const untouched = sent.flatMap((row) => {
    const now = standing.get(row.id);
    const isSame = now?.state === 'submitting' && now.attempts === row.attempts;
    return isSame && row.state === 'submitting'
      ? [{ ...row, cancel_asked_at: now.cancel_asked_at }]
      : [];
  });
  const same = new Set(untouched.map(({ id }) => id));
  const touched = [...standing.keys()].filter((id) => !same.has(id));
  return [...untouched, ...(await lockMessages(tx, touched))];
}

/** Submissions whose sender died: they may have left. Locked in order. */
export async function findLostSubmissions(
  tx: Tx,
  provider: string,
  most: number,
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.provider = ${provider} and m.at_work and m.closed_at is null and m.state = 'submitting' and m.lease_until < clock_timestamp()
    order by m.id limit ${most} for no key update skip locked`.execute(tx);
  return rows;
}

/** Before which providers deferred messages stand, each by one look into the index. */
export async function findDeferring(executor: Executor): Promise<readonly string[]> {
  const { rows } = await sql<{ provider: string }>`
    with recursive found as (
      (select provider from sms.message where not_before is not null and not at_work order by provider limit 1)
      union all
      select (select m.provider from sms.message m
        where m.not_before is not null and not m.at_work and m.provider > f.provider order by m.provider limit 1)
      from found f where f.provider is not null
    )
    select provider from found where provider is not null`.execute(executor);
  return rows.map(({ provider }) => provider);
}

/** Deferred messages whose time has come, of each provider the earliest and as many as told. Locked. */
export async function lockDue(
  tx: Tx,
  input: {
    readonly now: Date;
    readonly wanted: readonly { readonly provider: string; readonly most: number }[];
  },
): Promise<readonly SmsRow[]> {
  const { now, wanted } = input;
  const { rows } = await sql<SmsRow>`
    select m.* from unnest(${wanted.map((one) => one.provider)}::text[], ${wanted.map((one) => one.most)}::integer[])
      as w (provider, most)
    cross join lateral (
      select ${COLUMNS} from sms.message m
      where m.provider = w.provider and not m.at_work and m.state = 'deferred' and m.not_before <= ${now}
      order by m.not_before, m.id limit w.most for no key update skip locked
    ) m`.execute(tx);
  return rows;
}

/** Of those that wait before a provider, or were claimed by a sender that died, the ones whose time is over. Locked. */
export async function lockOver(
  tx: Tx,
  input: { readonly now: Date; readonly most: number },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.at_work and m.closed_at is null and m.state in ('queued', 'claimed') and m.expires_at <= ${input.now}
      and (m.state = 'queued' or m.lease_until < clock_timestamp())
    limit ${input.most} for no key update skip locked`.execute(tx);
  return rows;
}

/** How many messages stand before each provider; counted no further than `most` in all. */
export async function countAtWork(
  executor: Executor,
  most: number,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ provider: string; count: number }>`
    select provider, count(*)::int as count
    from (select provider from sms.message where at_work and closed_at is null limit ${most}) as m
    group by provider`.execute(executor);
  return new Map(rows.map((row) => [row.provider, row.count]));
}

/** Messages that wait for a provider that takes none, locked: they may go another way. What a dead sender held waits too. */
export async function lockQueued(
  tx: Tx,
  input: { readonly provider: string; readonly after: bigint; readonly most: number },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.provider = ${input.provider} and m.at_work and m.closed_at is null and m.id > ${input.after}
      and (m.state = 'queued' or (m.state = 'claimed' and m.lease_until < clock_timestamp()))
    order by m.id limit ${input.most} for no key update skip locked`.execute(tx);
  return rows;
}

/**
 * Messages of which the provider is to be asked now, locked; the next question is set before this one is asked. A secret
 * that has become too old to be sent again goes.
 */
export async function takeQuestions(
  tx: Tx,
  input: {
    readonly providers: readonly string[];
    readonly now: Date;
    readonly again: Date;
    readonly most: number;
  },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set next_question_at = ${input.again}, questions = m.questions + 1,
      body = case when m.expires_at > ${input.now} then m.body else ${BLOTTED} end
    where m.id = any (array(
      select id from sms.message
      where next_question_at <= ${input.now} and provider = any (${input.providers}::text[])
        and state in ('accepted', 'sent', 'unknown')
      order by next_question_at, id limit ${input.most} for update skip locked
    ))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** Sets when these are asked about next, where they are still what was asked about. */
export async function setQuestions(
  executor: Executor,
  questions: readonly { readonly id: bigint; readonly attempts: number; readonly at: Date }[],
): Promise<void> {
  if (questions.length === 0) return;
  await sql`
    update sms.message m set next_question_at = mine.at
    from (
      select l.id, n.at
      from unnest(${questions.map((one) => one.id)}::bigint[], ${questions.map((one) => one.attempts)}::smallint[],
        ${questions.map((one) => one.at)}::timestamptz[]) as n (id, attempts, at)
      join sms.message l on l.id = n.id and l.attempts = n.attempts
      where l.state in ('accepted', 'sent', 'unknown') and l.closed_at is null
      order by l.id for no key update of l
    ) as mine
    where m.id = mine.id`.execute(executor);
}

/** Messages that a caller wants back and that are with a provider already. */
export async function findToCancel(
  executor: Executor,
  input: { readonly providers: readonly string[]; readonly most: number },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.cancel_asked_at is not null and m.closed_at is null and m.state in ('accepted', 'sent')
      and m.provider = any (${input.providers}::text[])
    order by m.cancel_asked_at, m.id limit ${input.most}`.execute(executor);
  return rows;
}

export async function setCancelAsked(
  tx: Tx,
  input: { readonly id: bigint; readonly at: Date | null },
): Promise<void> {
  await sql`update sms.message set cancel_asked_at = ${input.at} where id = ${input.id}`.execute(
    tx,
  );
}
