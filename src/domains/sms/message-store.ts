import { type Executor, prepared, sql, type Tx } from '#database';
import type { MessageClass } from '#rules/decision';
import type { Origin, SmsState } from './message.ts';

/** What else the rules are told of a message; kept, so that they can be asked again. */
export interface RuleFacts {
  readonly timeZone?: string;
  readonly region?: string;
  readonly tags?: readonly string[];
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

export interface SmsRow {
  readonly id: bigint;
  readonly origin: Origin;
  /** Null in rows of the version before: the house's own. */
  readonly entity: string | null;
  readonly class: MessageClass | null;
  readonly person: string | null;
  readonly provider: string;
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly priority: number;
  readonly reference: string | null;
  readonly client_reference: string | null;
  readonly callback_url: string | null;
  readonly facts: RuleFacts | null;
  readonly wanted: readonly string[] | null;
  readonly tried: readonly string[];
  readonly state: SmsState;
  readonly attempts: number;
  readonly segments: number | null;
  readonly not_before: Date | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly valid_until: Date | null;
  readonly sent_at: Date | null;
  readonly closed_at: Date | null;
  readonly error: string | null;
  readonly provider_message_id: string | null;
  readonly questions: number;
  readonly next_question_at: Date | null;
  readonly cancel_asked_at: Date | null;
}

export const COLUMNS =
  sql.raw(`m.id, m.origin, m.entity, m.class, m.person, m.provider, m.recipient, m.sender, m.body, m.kind, m.secret,
  m.priority, m.reference, m.client_reference, m.callback_url, m.facts, m.wanted, m.tried, m.state, m.attempts, m.segments,
  m.not_before, m.created_at, m.expires_at, m.valid_until, m.sent_at, m.closed_at, m.error, m.provider_message_id,
  m.questions, m.next_question_at, m.cancel_asked_at`);

/** A secret text without its secret: as soon as it is of no more use nothing else stays. */
export const BLOTTED = sql.raw(
  `case when m.secret then regexp_replace(m.body, '[0-9]{4,}', '•••••', 'g') else m.body end`,
);

/** A message as it is written down first, with what the rules said of it. */
export interface NewMessage {
  readonly id: bigint;
  readonly origin: Origin;
  readonly entity: string;
  readonly class: MessageClass;
  readonly person: string | null;
  readonly provider: string;
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  readonly kind: string;
  readonly secret: boolean;
  readonly priority: number;
  readonly reference: string | null;
  readonly dedupeKey: string | null;
  readonly clientReference: string | null;
  readonly fingerprint: bigint | null;
  readonly callbackUrl: string | null;
  readonly facts: RuleFacts | null;
  readonly wanted: readonly string[] | null;
  readonly segments: number;
  readonly state: 'queued' | 'deferred' | 'rejected';
  readonly notBefore: Date | null;
  readonly expiresAt: Date;
  readonly validUntil: Date | null;
  readonly error: string | null;
}

/** Arrays of arrays don't nest in PostgreSQL: names of providers are words, so a comma parts them. */
const listed = (names: readonly string[] | null) => names?.join(',');

/**
 * Writes messages down; those whose fact or reference has asked before are left out of the answer. A refused one is
 * closed as it is written. In one order, so that two who write the same don't wait for each other.
 */
export async function insertMessages(
  tx: Tx,
  input: { readonly messages: readonly NewMessage[]; readonly now: Date },
): Promise<readonly SmsRow[]> {
  const { messages, now } = input;
  const of = <Key extends keyof NewMessage>(key: Key) => messages.map((one) => one[key]);
  const { rows } = await prepared<SmsRow>`
    insert into sms.message as m (id, origin, entity, class, person, provider, recipient, sender, body, kind, secret,
      priority, reference, dedupe_key, client_reference, fingerprint, callback_url, facts, wanted, segments, state,
      at_work, not_before, expires_at, valid_until, error, created_at, closed_at)
    select id, origin, entity, class, person, provider, recipient, sender,
      case when secret and state = 'rejected' then regexp_replace(body, '[0-9]{4,}', '•••••', 'g') else body end,
      kind, secret, priority, reference, dedupe_key, client_reference, fingerprint, callback_url, facts::jsonb,
      string_to_array(wanted, ','), segments, state, state = 'queued', not_before, expires_at, valid_until, error, ${now},
      case when state = 'rejected' then ${now}::timestamptz end
    from unnest(
      ${of('id')}::bigint[], ${of('origin')}::text[], ${of('entity')}::text[], ${of('class')}::text[],
      ${of('person')}::text[], ${of('provider')}::text[], ${of('recipient')}::text[], ${of('sender')}::text[],
      ${of('body')}::text[], ${of('kind')}::text[], ${of('secret')}::boolean[], ${of('priority')}::smallint[],
      ${of('reference')}::text[], ${of('dedupeKey')}::text[], ${of('clientReference')}::text[],
      ${of('fingerprint')}::bigint[], ${of('callbackUrl')}::text[],
      ${messages.map((one) => one.facts && JSON.stringify(one.facts))}::text[],
      ${messages.map((one) => listed(one.wanted) ?? null)}::text[], ${of('segments')}::smallint[], ${of('state')}::text[],
      ${of('notBefore')}::timestamptz[], ${of('expiresAt')}::timestamptz[], ${of('validUntil')}::timestamptz[],
      ${of('error')}::text[]
    ) as n (id, origin, entity, class, person, provider, recipient, sender, body, kind, secret, priority, reference,
      dedupe_key, client_reference, fingerprint, callback_url, facts, wanted, segments, state, not_before, expires_at,
      valid_until, error)
    -- Two who write the same at once wait for each other, and never crosswise.
    order by dedupe_key, origin, entity, client_reference
    on conflict do nothing
    returning ${COLUMNS}`.execute(tx);
  return rows;
}

export interface AskedBefore {
  readonly id: bigint;
  readonly origin: Origin;
  readonly entity: string;
  readonly client_reference: string;
  readonly fingerprint: bigint;
  readonly state: SmsState;
  readonly error: string | null;
}

/** Messages that stand under these references already. */
export async function findByReferences(
  executor: Executor,
  references: readonly {
    readonly origin: Origin;
    readonly entity: string;
    readonly clientReference: string;
  }[],
): Promise<readonly AskedBefore[]> {
  if (references.length === 0) return [];
  const { rows } = await sql<AskedBefore>`
    select m.id, m.origin, m.entity, m.client_reference, m.fingerprint, m.state, m.error
    from unnest(${references.map((one) => one.origin)}::text[], ${references.map((one) => one.entity)}::text[],
      ${references.map((one) => one.clientReference)}::text[]) as n (origin, entity, client_reference)
    join sms.message m using (origin, entity, client_reference)`.execute(executor);
  return rows;
}

export async function findMessage(executor: Executor, id: bigint): Promise<SmsRow | undefined> {
  const { rows } =
    await sql<SmsRow>`select ${COLUMNS} from sms.message m where m.id = ${id}`.execute(executor);
  return rows[0];
}

/** Of these the rows that are there, locked in order. */
export async function lockMessages(tx: Tx, ids: readonly bigint[]): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m where m.id = any (${ids}::bigint[]) order by m.id for no key update`.execute(
    tx,
  );
  return rows;
}

export interface MessageQuery {
  readonly entity: string | null;
  readonly recipient: string | null;
  readonly state: SmsState | null;
  readonly before: bigint | null;
  readonly limit: number;
}

/** The newest first. */
export async function listMessages(
  executor: Executor,
  { before, entity, limit, recipient, state }: MessageQuery,
): Promise<readonly SmsRow[]> {
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where (${before}::bigint is null or m.id < ${before}) and (${entity}::text is null or m.entity = ${entity})
      and (${recipient}::text is null or m.recipient = ${recipient}) and (${state}::text is null or m.state = ${state})
    order by m.id desc limit ${limit}`.execute(executor);
  return rows;
}

/** Rows as they stand now, changed as told: one statement for all that a worker decides of messages it holds. */
export interface MessageChange {
  readonly id: bigint;
  readonly state: SmsState;
  readonly provider: string;
  readonly tried: readonly string[];
  readonly notBefore: Date | null;
  readonly validUntil: Date | null;
  readonly nextQuestionAt: Date | null;
  readonly questions: number;
  readonly providerMessageId: string | null;
  readonly error: string | null;
  readonly closed: boolean;
}

/**
 * Writes what became of messages whose rows the caller has locked and judged. A secret is blotted out as soon as it is of
 * no more use: when the message has left, or never will. One of unknown fate may yet have to be sent.
 */
export async function updateMessages(
  tx: Tx,
  input: { readonly changes: readonly MessageChange[]; readonly now: Date },
): Promise<readonly SmsRow[]> {
  const { changes, now } = input;
  if (changes.length === 0) return [];
  const of = <Key extends keyof MessageChange>(key: Key) => changes.map((one) => one[key]);
  const { rows } = await sql<SmsRow>`
    update sms.message m set state = c.state, at_work = c.state in ('queued', 'claimed', 'submitting'), provider = c.provider, tried = coalesce(string_to_array(c.tried, ','), '{}'),
      not_before = c.not_before, valid_until = coalesce(c.valid_until, m.valid_until),
      next_question_at = c.next_question_at, questions = c.questions,
      provider_message_id = coalesce(c.provider_message_id, m.provider_message_id), error = c.error,
      closed_at = case when c.closed then ${now}::timestamptz end,
      sent_at = case when c.state in ('queued', 'deferred') then null else m.sent_at end,
      body = case when c.state in ('queued', 'deferred')
        or (c.state = 'unknown' and not c.closed and m.expires_at > ${now}) then m.body else ${BLOTTED} end
    from unnest(${of('id')}::bigint[], ${of('state')}::text[], ${of('provider')}::text[],
      ${changes.map((one) => (one.tried.length === 0 ? null : one.tried.join(',')))}::text[],
      ${of('notBefore')}::timestamptz[], ${of('validUntil')}::timestamptz[], ${of('nextQuestionAt')}::timestamptz[],
      ${of('questions')}::smallint[], ${of('providerMessageId')}::text[], ${of('error')}::text[], ${of('closed')}::boolean[]
    ) as c (id, state, provider, tried, not_before, valid_until, next_question_at, questions, provider_message_id, error,
      closed)
    where m.id = c.id
    returning ${COLUMNS}`.execute(tx);
  return rows;
}
