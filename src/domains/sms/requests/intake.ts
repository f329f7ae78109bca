import { hash } from 'node:crypto';
import { type AskedOnce, findAnswers, type KnownAnswer, keyReused, storeAnswers } from '#auth';
import { createBatcher } from '#batch';
import type { Tx } from '#database';
import { AppError, must } from '#errors';
import type { SmsContext } from '#sms/context';
import { type SmsState, smsId } from '#sms/message';
import { type AskedBefore, findByReferences } from '#sms/message-store';
import { type Draft, type Registered, registerMessages } from './register-messages.ts';

/** A message of a caller, read and found sound. Its reference is his own id, or made from his key. */
export interface Asked extends Omit<Draft, 'fingerprint' | 'clientReference'> {
  readonly clientReference: string;
  /** Schedule and validity as the caller spelled them: what is reckoned from them depends on the moment. */
  readonly terms: string;
}

export type Taken =
  | {
      readonly outcome: 'taken';
      readonly sms: string;
      readonly state: SmsState;
      readonly reason: string | null;
    }
  /** The reference stands for another message already. */
  | { readonly outcome: 'conflict'; readonly sms: string };

/** A request that names itself by an `Idempotency-Key`. */
export interface OnceTake {
  readonly asked: AskedOnce;
  /** The answer to the caller, which is kept with the messages. */
  readonly answerOf: (taken: readonly Taken[]) => unknown;
}

/** Takes messages of callers: many requests in one transaction, each answered after the commit. */
export interface Intake {
  /** One answer for each, in order. Asked again under its reference, the same message answers. */
  take(messages: readonly Asked[]): Promise<readonly Taken[]>;
  /**
   * The same once per key: asked again, it is the first answer that comes again. Throws `idempotency_key_reused`. At most
   * a thousand messages.
   */
  takeOnce(messages: readonly Asked[], once: OnceTake): Promise<unknown>;
  /** The answer that was given under this key; undefined where none was. Throws `idempotency_key_reused`. */
  answered(asked: AskedOnce): Promise<unknown>;
  drain(): Promise<void>;
}

/** Messages in one transaction, over all requests in it. */
const MESSAGES_MOST = 1000;
/** The next one is the larger for waiting, and costs the same dozen statements. */
const FLUSHES_IN_FLIGHT = 1;
const GATHER_MS = 10;
/** Two of the same reference in different transactions of one moment: the second is looked for again. */
const TRIES_MOST = 4;
/** What callers hear when their messages were taken. */
const TAKEN_STATUS = 202;

interface TakeRequest {
  readonly messages: readonly Asked[];
  readonly once?: OnceTake;
}

type Answered =
  | { readonly outcome: 'taken'; readonly taken: readonly Taken[] }
  | Exclude<KnownAnswer, { readonly outcome: 'new' }>;

export function createIntake(context: SmsContext): Intake {
  const batcher = createBatcher<TakeRequest, Answered>({
    flush: (requests) => takeAll(context, requests),
    itemsMax: MESSAGES_MOST,
    sizeOf: ({ messages }) => messages.length,
    ...{ flushesInFlight: FLUSHES_IN_FLIGHT, gatherMs: GATHER_MS },
  });
  return {
    async take(messages) {
      const taken: Taken[] = [];
      for (let from = 0; from < messages.length; from += MESSAGES_MOST) {
        const answer = await batcher.add({ messages: messages.slice(from, from + MESSAGES_MOST) });
        must(answer.outcome === 'taken', 'a request without a key is not known before');
        taken.push(...answer.taken);
      }
      return taken;
    },
    async takeOnce(messages, once) {
      must(messages.length <= MESSAGES_MOST, 'a request with a key is one transaction');
      const answer = await batcher.add({ messages, once });
      if (answer.outcome === 'reused') throw keyReused();
      return answer.outcome === 'again' ? answer.body : once.answerOf(answer.taken);
    },
    async answered(asked) {
      const [known] = await findAnswers(context.database.pool, [asked]);
      if (known?.outcome === 'reused') throw keyReused();
      return known?.outcome === 'again' ? known.body : undefined;
    },
    drain: () => batcher.drain(),
  };
}

/** Somebody else has stored an answer under one of the keys since we looked: ours must roll back. */
class AnsweredBefore extends Error {}

async function takeAll(
  context: SmsContext,
  requests: readonly TakeRequest[],
): Promise<readonly Answered[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await tryAll(context, requests);
    } catch (error) {
      if (!(error instanceof AnsweredBefore) || tries === TRIES_MOST) throw error;
    }
  }
}

const keyOfOnce = ({ asked }: OnceTake) => `${asked.principal} ${asked.key}`;

async function tryAll(
  context: SmsContext,
  requests: readonly TakeRequest[],
): Promise<readonly Answered[]> {
  const keyed = requests.flatMap(({ once }) => once ?? []);
  const known = await findAnswers(
    context.database.pool,
    keyed.map(({ asked }) => asked),
  );
  const before = new Map(keyed.map((once, at) => [once, known[at] ?? { outcome: 'new' as const }]));
  const isNew = ({ once }: TakeRequest) => !once || before.get(once)?.outcome === 'new';
  const first = new Map<string, TakeRequest>();
  for (const request of requests.filter(isNew)) {
    const key = request.once && keyOfOnce(request.once);
    if (key !== undefined && !first.has(key)) first.set(key, request);
  }
  const going = requests
    .filter((one) => isNew(one) && (!one.once || first.get(keyOfOnce(one.once)) === one))
    .map((one) => ({
      ...one,
      drafts: one.messages.map((asked) => ({ ...asked, fingerprint: fingerprintOf(asked) })),
      of: one,
    }));
  const taken = await takeDrafts(context, going);
  const takenOf = new Map(going.map(({ of }, at) => [of, taken[at] ?? []]));
  return requests.map((request): Answered => {
    const found = request.once && before.get(request.once);
    if (found && found.outcome !== 'new') return found;
    const leader = (request.once && first.get(keyOfOnce(request.once))) ?? request;
    const same = !request.once || leader.once?.asked.hash.equals(request.once.asked.hash);
    return same ? { outcome: 'taken', taken: takenOf.get(leader) ?? [] } : { outcome: 'reused' };
  });
}

type FingerprintedDraft = Asked & { readonly fingerprint: bigint };

interface Going {
  readonly drafts: readonly FingerprintedDraft[];
  readonly once?: OnceTake;
}

/** Answers for each request, in order, and for each of its drafts. */
async function takeDrafts(
  context: SmsContext,
  going: readonly Going[],
): Promise<readonly (readonly Taken[])[]> {
  const { database } = context;
  let answers: ReadonlyMap<string, Taken> = new Map();
  const first = new Map<string, FingerprintedDraft>();
  for (const draft of going.flatMap(({ drafts }) => drafts))
    if (!first.has(keyOf(draft))) first.set(keyOf(draft), draft);
  for (let tries = 0; tries === 0 || answers.size < first.size; tries += 1) {
    if (tries === TRIES_MOST)
      throw new AppError(
        'unavailable',
        'intake_contended',
        'Send it again: the same was just asked.',
      );
    const open = [...first.values()].filter((draft) => !answers.has(keyOf(draft)));
    // Nearly all are new, and to write them tells which are not: only those are looked for.
    const found = tries === 0 ? [] : await findByReferences(database.pool, open);
    const before = new Map(found.map((row) => [keyOfRow(row), row]));
    // In one order over all copies: two who take the same ones wait for each other, and never both.
    const fresh = open
      .filter((draft) => !before.has(keyOf(draft)))
      .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const known = new Map(answers);
    for (const draft of open) {
      const row = before.get(keyOf(draft));
      if (row) known.set(keyOf(draft), answerOf(draft, row));
    }
    answers = await database.transaction(async (tx) => {
      const registered = await registerMessages(context, tx, fresh);
      const all = new Map([...known, ...answersOf(fresh, registered)]);
      // Else one of them is somebody else's of this moment: it is found at the next try.
      if (all.size === first.size)
        await keepAnswers(context, tx, { going, takenOf: (one) => takenOf(one, first, all) });
      return all;
    });
  }
  return going.map((one) => takenOf(one, first, answers));
}

function answersOf(
  drafts: readonly FingerprintedDraft[],
  registered: readonly Registered[],
): readonly (readonly [string, Taken])[] {
  return drafts.flatMap((draft, at) => {
    const row = registered[at]?.row;
    if (!row) return [];
    const { error: reason, state } = row;
    return [[keyOf(draft), { outcome: 'taken', sms: smsId(row.id), state, reason }] as const];
  });
}

function takenOf(
  { drafts }: Going,
  first: ReadonlyMap<string, FingerprintedDraft>,
  answers: ReadonlyMap<string, Taken>,
): readonly Taken[] {
  return drafts.map((draft) => answerSame(draft, first.get(keyOf(draft)), answers));
}

/** With the messages, so that the key stands for them from their first moment on. */
async function keepAnswers(
  { clock }: SmsContext,
  tx: Tx,
  {
    going,
    takenOf,
  }: { readonly going: readonly Going[]; readonly takenOf: (one: Going) => readonly Taken[] },
): Promise<void> {
  const now = clock.now();
  const kept = await storeAnswers(
    tx,
    going.flatMap((one) => {
      if (!one.once) return [];
      const { answerOf, asked } = one.once;
      return [{ asked, status: TAKEN_STATUS, body: answerOf(takenOf(one)) }];
    }),
    now,
  );
  if (!kept) throw new AnsweredBefore();
}

/** Two under one reference in one moment: the first counts, and the second is the same or a conflict. */
function answerSame(
  draft: FingerprintedDraft,
  first: FingerprintedDraft | undefined,
  answers: ReadonlyMap<string, Taken>,
): Taken {
  const answer = answers.get(keyOf(draft));
  if (!answer || !first) throw new AppError('internal', 'intake_lost', 'A message has no answer.');
  if (first.fingerprint === draft.fingerprint) return answer;
  return { outcome: 'conflict', sms: answer.sms };
}

function answerOf(draft: FingerprintedDraft, row: AskedBefore): Taken {
  if (row.fingerprint !== draft.fingerprint) return { outcome: 'conflict', sms: smsId(row.id) };
  return { outcome: 'taken', sms: smsId(row.id), state: row.state, reason: row.error };
}

const keyOf = (draft: FingerprintedDraft) =>
  `${draft.origin} ${draft.entity} ${draft.clientReference}`;
const keyOfRow = (row: AskedBefore) => `${row.origin} ${row.entity} ${row.client_reference}`;

/** All that makes a message another one. What follows from it (segments, ids, the moment) is left out. */
function fingerprintOf(asked: Asked): bigint {
  const text = JSON.stringify([
    ...[asked.class, asked.person, asked.recipient, asked.sender, asked.body, asked.priority],
    ...[asked.callbackUrl, asked.facts, asked.wanted, asked.terms],
  ]);
  return hash('sha256', text, 'buffer').readBigInt64BE();
}
