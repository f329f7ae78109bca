import { deferred, type Executor, prepared, sql, type Tx } from '#database';
import type { MessageClass } from '#rules/decision';
import { type Origin, type SmsState, shownText, statesShownAs } from './message.ts';

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
export const BLOTTED = sql.raw('case when m.secret then sms.blotted(m.body) else m.body end');

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
  if (messages.length === 0) return [];
  const of = <Key extends keyof NewMessage>(key: Key) => messages.map((one) => one[key]);
  const { rows } = await prepared<{ id: bigint }>`
    insert into sms.message (id, origin, entity, class, person, provider, recipient, sender, body, kind, secret,
      priority, reference, dedupe_key, client_reference, fingerprint, callback_url, facts, wanted, segments, state,
      at_work, not_before, expires_at, valid_until, error, created_at, closed_at)
    select id, origin, entity, class, person, provider, recipient, sender,
      case when secret and state = 'rejected' then sms.blotted(body) else body end,
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
    returning id`.execute(tx);
  const written = new Set(rows.map(({ id }) => id));
  return messages.filter(({ id }) => written.has(id)).map((one) => writtenRow(one, now));
}

/** A row as it stands when it is written first. */
function writtenRow(message: NewMessage, now: Date): SmsRow {
  const { callbackUrl, clientReference, dedupeKey, fingerprint, ...same } = message;
  const { expiresAt, notBefore, validUntil, ...rest } = same;
  const isOver = message.state === 'rejected';
  return {
    ...rest,
    ...{ client_reference: clientReference, callback_url: callbackUrl, not_before: notBefore },
    ...{ expires_at: expiresAt, valid_until: validUntil, created_at: now, sent_at: null },
    ...{ tried: [], attempts: 0, questions: 0, provider_message_id: null, next_question_at: null },
    ...{ closed_at: isOver ? now : null, cancel_asked_at: null },
    body: isOver ? shownText(message) : message.body,
  };
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
  if (ids.length === 0) return [];
  const { rows } = await prepared<SmsRow>`
    select ${COLUMNS} from sms.lock_messages(${ids}::bigint[]) m`.execute(tx);
  return rows;
}

export interface MessageQuery {
  readonly entity: string | null;
  readonly recipient: string | null;
  /** As it is shown. */
  readonly state: SmsState | null;
  readonly before: bigint | null;
  readonly limit: number;
}

/** The newest first. */
export async function listMessages(
  executor: Executor,
  { before, entity, limit, recipient, state }: MessageQuery,
): Promise<readonly SmsRow[]> {
  const states = state === null ? null : statesShownAs(state);
  const { rows } = await sql<SmsRow>`
    select ${COLUMNS} from sms.message m
    where (${before}::bigint is null or m.id < ${before}) and (${entity}::text is null or m.entity = ${entity})
      and (${recipient}::text is null or m.recipient = ${recipient}) and (${states}::text[] is null or m.state = any (${states}::text[]))
    order by m.id desc limit ${limit}`.execute(executor);
  return rows;
}

/** What a worker decides of a message that it holds. */
export interface MessageChange {
  /** As it stands, locked. */
  readonly row: SmsRow;
  readonly state: SmsState;
  readonly provider: string;
  readonly tried: readonly string[];
  readonly notBefore: Date | null;
  /** Null: as it was. */
  readonly validUntil: Date | null;
  readonly nextQuestionAt: Date | null;
  readonly questions: number;
  /** Null: as it was. */
  readonly providerMessageId: string | null;
  readonly error: string | null;
  readonly closed: boolean;
}

/**
 * Writes what became of messages whose rows the caller has locked and judged; answers the rows as they stand then. What
 * is known of them is not read again: nobody else can have changed them.
 */
export async function updateMessages(
  tx: Tx,
  input: { readonly changes: readonly MessageChange[]; readonly now: Date },
): Promise<readonly SmsRow[]> {
  const { changes, now } = input;
  if (changes.length === 0) return [];
  const of = <Key extends keyof MessageChange>(key: Key) => changes.map((one) => one[key]);
  await deferred`
    select sms.change_messages(${changes.map(({ row }) => row.id)}::bigint[], ${of('state')}::text[], ${of('provider')}::text[],
      ${changes.map((one) => (one.tried.length === 0 ? null : one.tried.join(',')))}::text[],
      ${of('notBefore')}::timestamptz[], ${of('validUntil')}::timestamptz[], ${of('nextQuestionAt')}::timestamptz[],
      ${of('questions')}::smallint[], ${of('providerMessageId')}::text[], ${of('error')}::text[], ${of('closed')}::boolean[],
      ${now}::timestamptz)`.execute(tx);
  return changes.map((change) => changedRow(change, now));
}

/** What `sms.change_messages` makes of a row. */
function changedRow({ row, ...change }: MessageChange, now: Date): SmsRow {
  const { closed, error, notBefore, provider, questions, state, tried } = change;
  const isBack = state === 'queued' || state === 'deferred';
  const mayBeSent = isBack || (state === 'unknown' && !closed && row.expires_at > now);
  return {
    ...row,
    ...{ state, provider, tried, questions, error, not_before: notBefore },
    valid_until: change.validUntil ?? row.valid_until,
    next_question_at: change.nextQuestionAt,
    provider_message_id: change.providerMessageId ?? row.provider_message_id,
    closed_at: closed ? now : null,
    sent_at: isBack ? null : row.sent_at,
    body: mayBeSent ? row.body : shownText(row),
  };
}
