import { type Executor, sql, type Tx } from '#database';

export interface SessionRow {
  readonly id: bigint;
  readonly secret_hash: Buffer;
  readonly msisdn: string;
  readonly created_at: Date;
  readonly seen_at: Date;
  readonly locale: string | null;
}

export interface NewSession {
  readonly id: bigint;
  readonly secretHash: Buffer;
  readonly msisdn: string;
  readonly method: 'pin' | 'link';
  readonly address: string;
  readonly userAgent: string;
  readonly now: Date;
}

export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  const { address, id, method, msisdn, now, secretHash, userAgent } = session;
  await sql`
    insert into subscriptions.client_session (id, secret_hash, msisdn, method, address, user_agent, created_at, seen_at)
    values (${id}, ${secretHash}, ${msisdn}, ${method}, ${address}, ${userAgent}, ${now}, ${now})`.execute(
    tx,
  );
}

/** One that has not been ended; whether it is too old, its reader decides. */
export async function findSession(executor: Executor, id: bigint): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.id, s.secret_hash, s.msisdn, s.created_at, s.seen_at, l.locale
    from subscriptions.client_session s
    left join subscriptions.customer c on c.msisdn = s.msisdn
    left join lateral (
      select locale from subscriptions.consent where customer_id = c.id order by id desc limit 1
    ) l on true
    where s.id = ${id} and s.ended_at is null`.execute(executor);
  return rows[0];
}

export async function touchSession(executor: Executor, id: bigint, now: Date): Promise<void> {
  await sql`update subscriptions.client_session set seen_at = greatest(seen_at, ${now}) where id = ${id}`.execute(
    executor,
  );
}

/** Ends one session, or all of a number. */
export async function endSessions(
  executor: Executor,
  which: { readonly id: bigint } | { readonly msisdn: string },
  now: Date,
): Promise<void> {
  const chosen = 'id' in which ? sql`id = ${which.id}` : sql`msisdn = ${which.msisdn}`;
  await sql`update subscriptions.client_session set ended_at = ${now} where ${chosen} and ended_at is null`.execute(
    executor,
  );
}

export interface NewLink {
  readonly secretHash: Buffer;
  readonly msisdn: string;
  readonly askedBy: string;
  readonly now: Date;
  readonly expiresAt: Date;
}

export async function insertLink(tx: Tx, link: NewLink): Promise<void> {
  await sql`
    insert into subscriptions.client_link (secret_hash, msisdn, asked_by, created_at, expires_at)
    values (${link.secretHash}, ${link.msisdn}, ${link.askedBy}, ${link.now}, ${link.expiresAt})`.execute(
    tx,
  );
}

/** The number of a link that can still be used. */
export async function findLink(
  executor: Executor,
  secretHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const { rows } = await sql<{ msisdn: string }>`
    select msisdn from subscriptions.client_link
    where secret_hash = ${secretHash} and used_at is null and expires_at > ${now}`.execute(
    executor,
  );
  return rows[0]?.msisdn;
}

/** Uses a link up: of several at once, one gets the number. */
export async function takeLink(tx: Tx, secretHash: Buffer, now: Date): Promise<string | undefined> {
  const { rows } = await sql<{ msisdn: string }>`
    update subscriptions.client_link set used_at = ${now}
    where secret_hash = ${secretHash} and used_at is null and expires_at > ${now} returning msisdn`.execute(
    tx,
  );
  return rows[0]?.msisdn;
}

/** What nobody can use any more, at most `limit` of each. */
export async function forgetSignIns(
  executor: Executor,
  { before, limit }: { readonly before: Date; readonly limit: number },
): Promise<void> {
  await sql`delete from subscriptions.client_session where id in (
    select id from subscriptions.client_session where seen_at < ${before} order by seen_at limit ${limit})`.execute(
    executor,
  );
  await sql`delete from subscriptions.client_link where secret_hash in (
    select secret_hash from subscriptions.client_link where expires_at < ${before} order by expires_at limit ${limit})`.execute(
    executor,
  );
}
