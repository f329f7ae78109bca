import { type Executor, sql, type Tx } from '#database';
import { COLUMNS, type SmsRow } from './message-store.ts';

// What senders take into their hands. A lease is by the database's clock; everything else is business time.

interface Claim {
  readonly ids: readonly bigint[];
  readonly provider: string;
  readonly owner: string;
  readonly leaseMs: number;
}

/** Takes messages that wait for this provider. One that was sent elsewhere meanwhile is somebody else's. */
export async function claimMessages(tx: Tx, claim: Claim): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = 'claimed', owner = ${claim.owner},
      lease_until = clock_timestamp() + make_interval(secs => ${claim.leaseMs / 1000})
    where m.id = any (${claim.ids}::bigint[]) and m.state = 'queued' and m.provider = ${claim.provider}
      and m.cancel_asked_at is null
    returning ${COLUMNS}`.execute(tx);
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
  input: { readonly ids: readonly bigint[]; readonly owner: string },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.id = any (${input.ids}::bigint[]) and m.state = 'claimed' and m.owner = ${input.owner}
      and m.lease_until > clock_timestamp()
    order by m.id for no key update`.execute(tx);
  return rows;
}

/** From here on a message may leave: its attempt is counted, and its lease covers the whole call. */
export async function markSubmitting(
  tx: Tx,
  input: {
    readonly marks: readonly { readonly id: bigint; readonly validUntil: Date }[];
    readonly owner: string;
    readonly leaseMs: number;
    readonly now: Date;
  },
): Promise<readonly SmsRow[]> {
  const { marks } = input;
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = 'submitting', attempts = m.attempts + 1, valid_until = n.valid_until, sent_at = ${input.now},
      lease_until = clock_timestamp() + make_interval(secs => ${input.leaseMs / 1000})
    from unnest(${marks.map((one) => one.id)}::bigint[], ${marks.map((one) => one.validUntil)}::timestamptz[])
      as n (id, valid_until)
    where m.id = n.id and m.state = 'claimed' and m.owner = ${input.owner}
    returning ${COLUMNS}`.execute(tx);
  return rows;
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

/** Deferred messages whose time has come, those of the earliest first. Locked. */
export async function lockDue(
  tx: Tx,
  input: { readonly now: Date; readonly most: number },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where not m.at_work and m.state = 'deferred' and m.not_before <= ${input.now}
    order by m.not_before, m.id limit ${input.most} for no key update skip locked`.execute(tx);
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

/** Messages that wait for a provider that takes none, locked: they may go another way. */
export async function lockQueued(
  tx: Tx,
  input: { readonly provider: string; readonly after: bigint; readonly most: number },
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where m.provider = ${input.provider} and m.at_work and m.closed_at is null and m.state = 'queued' and m.id > ${input.after}
    order by m.id limit ${input.most} for no key update skip locked`.execute(tx);
  return rows;
}

/** Messages of which the provider is to be asked now, locked; the next question is set before this one is asked. */
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
    update sms.message m set next_question_at = ${input.again}, questions = m.questions + 1
    where m.id = any (array(
      select id from sms.message
      where next_question_at <= ${input.now} and provider = any (${input.providers}::text[])
        and state in ('accepted', 'sent', 'unknown')
      order by next_question_at, id limit ${input.most} for update skip locked
    ))
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

/** Sets when these are asked about next; null: never again. */
export async function setQuestions(
  executor: Executor,
  questions: readonly { readonly id: bigint; readonly at: Date | null }[],
): Promise<void> {
  if (questions.length === 0) return;
  await sql`
    update sms.message m set next_question_at = n.at
    from unnest(${questions.map((one) => one.id)}::bigint[], ${questions.map((one) => one.at)}::timestamptz[]) as n (id, at)
    where m.id = n.id and m.closed_at is null`.execute(executor);
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
