import { createHash } from 'node:crypto';
import { createBatcher } from '#batch';
import { AppError } from '#errors';
import type { SmsContext } from './context.ts';
import { type SmsState, smsId } from './message.ts';
import { type AskedBefore, findByReferences } from './message-store.ts';
import { type Draft, registerMessages } from './register-messages.ts';

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

/** Takes messages of callers: many requests in one transaction, each answered after the commit. */
export interface Intake {
  /** One answer for each, in order. Asked again under its reference, the same message answers. */
  take(messages: readonly Asked[]): Promise<readonly Taken[]>;
  drain(): Promise<void>;
}

/** Messages in one transaction, over all requests in it. */
const MESSAGES_MOST = 1000;
/** The next one is the larger for waiting, and costs the same dozen statements. */
const FLUSHES_IN_FLIGHT = 1;
/** Two of the same reference in different transactions of one moment: the second is looked for again. */
const TRIES_MOST = 4;

export function createIntake(context: SmsContext): Intake {
  const batcher = createBatcher<readonly Asked[], readonly Taken[]>({
    flush: (requests) => takeAll(context, requests),
    itemsMax: MESSAGES_MOST,
    sizeOf: (messages) => messages.length,
    flushesInFlight: FLUSHES_IN_FLIGHT,
  });
  return {
    async take(messages) {
      const taken: Taken[] = [];
      for (let from = 0; from < messages.length; from += MESSAGES_MOST)
        taken.push(...(await batcher.add(messages.slice(from, from + MESSAGES_MOST))));
      return taken;
    },
    drain: () => batcher.drain(),
  };
}

async function takeAll(
  context: SmsContext,
  requests: readonly (readonly Asked[])[],
): Promise<readonly (readonly Taken[])[]> {
  const drafts = requests.flat().map((asked) => ({ ...asked, fingerprint: fingerprintOf(asked) }));
  const answers = await takeDrafts(context, drafts);
  let at = 0;
  return requests.map((request) => {
    at += request.length;
    return answers.slice(at - request.length, at);
  });
}

type FingerprintedDraft = Asked & { readonly fingerprint: bigint };

async function takeDrafts(
  context: SmsContext,
  drafts: readonly FingerprintedDraft[],
): Promise<readonly Taken[]> {
  const { database } = context;
  const answers = new Map<string, Taken>();
  const first = new Map<string, FingerprintedDraft>();
  for (const draft of drafts) if (!first.has(keyOf(draft))) first.set(keyOf(draft), draft);
  for (let tries = 0; answers.size < first.size; tries += 1) {
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
    for (const draft of open) {
      const row = before.get(keyOf(draft));
      if (row) answers.set(keyOf(draft), answerOf(draft, row));
    }
    const fresh = open.filter((draft) => !before.has(keyOf(draft)));
    const registered = await database.transaction((tx) => registerMessages(context, tx, fresh));
    for (const [index, draft] of fresh.entries()) {
      const row = registered[index]?.row;
      if (!row) continue;
      const { error: reason, state } = row;
      answers.set(keyOf(draft), { outcome: 'taken', sms: smsId(row.id), state, reason });
    }
  }
  return drafts.map((draft) => answerSame(draft, first.get(keyOf(draft)), answers));
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
  return createHash('sha256').update(text).digest().readBigInt64BE();
}
