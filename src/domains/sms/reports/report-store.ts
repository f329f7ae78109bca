import { deferred, type Executor, prepared, sql, type Tx } from '#database';
import type { ReportedState } from '#sms/provider';

/** One part of an attempt, as its provider calls it. */
export interface SubmissionRow {
  readonly provider: string;
  readonly provider_message_id: string;
  readonly message_id: bigint;
  readonly attempt: number;
  readonly part: number;
  readonly state: ReportedState | null;
}

export interface NewSubmission {
  readonly provider: string;
  readonly providerMessageId: string;
  readonly messageId: bigint;
  readonly attempt: number;
  readonly part: number;
}

/** Sorted, so that two that write the same ones wait and never cross. */
export async function insertSubmissions(
  tx: Tx,
  submissions: readonly NewSubmission[],
): Promise<void> {
  if (submissions.length === 0) return;
  await deferred`
    insert into sms.submission (provider, provider_message_id, message_id, attempt, part)
    select * from unnest(${submissions.map((one) => one.provider)}::text[],
      ${submissions.map((one) => one.providerMessageId)}::text[], ${submissions.map((one) => one.messageId)}::bigint[],
      ${submissions.map((one) => one.attempt)}::smallint[], ${submissions.map((one) => one.part)}::smallint[])
    order by 1, 2, 3
    on conflict do nothing`.execute(tx);
}

const COLUMNS = sql.raw(
  's.provider, s.provider_message_id, s.message_id, s.attempt, s.part, s.state',
);

/** For each of these ids the youngest message that it stands for. */
export async function findSubmissions(
  executor: Executor,
  input: { readonly provider: string; readonly providerMessageIds: readonly string[] },
): Promise<readonly SubmissionRow[]> {
  const { rows } = await prepared<SubmissionRow>`
    select ${COLUMNS} from sms.find_submissions(${input.provider}, ${input.providerMessageIds}::text[]) s`.execute(
    executor,
  );
  return rows;
}

/** All parts of the last attempts of these messages. */
export async function findParts(
  executor: Executor,
  messageIds: readonly bigint[],
): Promise<readonly SubmissionRow[]> {
  const { rows } = await prepared<SubmissionRow>`
    select ${COLUMNS} from sms.find_parts(${messageIds}::bigint[]) s`.execute(executor);
  return rows;
}

export async function updateParts(
  tx: Tx,
  parts: readonly (Pick<SubmissionRow, 'provider' | 'provider_message_id' | 'message_id'> & {
    readonly state: ReportedState;
    readonly at: Date;
  })[],
): Promise<void> {
  if (parts.length === 0) return;
  await deferred`
    select sms.change_parts(${parts.map((one) => one.provider)}::text[], ${parts.map((one) => one.provider_message_id)}::text[],
      ${parts.map((one) => one.message_id)}::bigint[], ${parts.map((one) => one.state)}::text[],
      ${parts.map((one) => one.at)}::timestamptz[])`.execute(tx);
}

export interface ParkedReport {
  readonly provider: string;
  readonly providerMessageId: string;
  readonly state: ReportedState;
  readonly at: Date | null;
  readonly reason: string | null;
}

export async function parkReports(
  tx: Tx,
  input: { readonly reports: readonly ParkedReport[]; readonly now: Date },
): Promise<void> {
  const { now, reports } = input;
  if (reports.length === 0) return;
  await deferred`
    insert into sms.parked_report (provider, provider_message_id, state, at, reason, received_at)
    select provider, provider_message_id, state, at, reason, ${now}
    from unnest(${reports.map((one) => one.provider)}::text[], ${reports.map((one) => one.providerMessageId)}::text[],
      ${reports.map((one) => one.state)}::text[], ${reports.map((one) => one.at)}::timestamptz[],
      ${reports.map((one) => one.reason)}::text[]) as n (provider, provider_message_id, state, at, reason)`.execute(
    tx,
  );
}

interface UnparkedRow {
  readonly provider: string;
  readonly provider_message_id: string;
  readonly state: ReportedState;
  readonly at: Date | null;
  readonly reason: string | null;
}

/** Takes out parked reports whose submission is known by now, in the order in which they came; those since `since`. */
export async function unparkReports(
  tx: Tx,
  { most, since }: { readonly since: Date; readonly most: number },
): Promise<readonly ParkedReport[]> {
  const { rows } = await sql<UnparkedRow & { readonly id: bigint }>`
    delete from sms.parked_report where id = any (array(
      select p.id from sms.parked_report p
      where p.received_at >= ${since} and exists (select from sms.submission s
        where s.provider = p.provider and s.provider_message_id = p.provider_message_id)
      order by p.received_at, p.id limit ${most} for update skip locked
    ))
    returning id, provider, provider_message_id, state, at, reason`.execute(tx);
  return rows
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map(({ provider, provider_message_id: providerMessageId, state, at, reason }) => ({
      ...{ provider, providerMessageId, state, at, reason },
    }));
}

/** Reports that nobody has claimed for so long belong to nobody. */
export async function forgetParked(
  executor: Executor,
  input: { readonly before: Date; readonly most: number },
): Promise<number> {
  const { rows } = await sql`
    delete from sms.parked_report where id = any (array(
      select id from sms.parked_report where received_at < ${input.before} order by id limit ${input.most}
    )) returning id`.execute(executor);
  return rows.length;
}
