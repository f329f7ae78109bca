import { type Batcher, createBatcher } from '#batch';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { must } from '#errors';
import { fail } from '#ledger/errors';
import { checkTransfer, type Posting, type Transfer } from './transfer.ts';
import { type PostRow, postSets } from './transfer-store.ts';

/** Posts sets of transfers: each whole or not at all, and each transfer once, however often it is asked for. */
export interface Poster {
  /**
   * In the caller's transaction, as the last that it locks. Throws what is malformed; what the balances refuse is
   * answered, and then nothing of the set was written.
   */
  post(tx: Tx, transfers: readonly Transfer[]): Promise<Posting>;
  /**
   * In a transaction of the ledger's own, shared with whoever asks at the same time: answered after its commit. A set
   * that is refused refuses no other.
   */
  submit(transfers: readonly Transfer[]): Promise<Posting>;
  drain(): Promise<void>;
}

const TRANSFERS_MAX = 1000;
const NOTHING: Posting = { outcome: 'posted', repeated: [] };

export function createPoster(options: {
  readonly database: Database;
  readonly clock: Clock;
}): Poster {
  const { clock, database } = options;

  const batcher: Batcher<readonly Transfer[], Posting> = createBatcher({
    flush: (sets) => database.transaction((tx) => postAll(tx, sets, clock.now())),
  });

  return {
    async post(tx, transfers) {
      if (transfers.length === 0) return NOTHING;
      const [posting] = await postAll(tx, [checkSet(transfers)], clock.now());
      must(posting, 'a set that was posted has an answer');
      return posting;
    },
    async submit(transfers) {
      if (transfers.length === 0) return NOTHING;
      return batcher.add(checkSet(transfers));
    },
    drain: () => batcher.drain(),
  };
}

function checkSet(transfers: readonly Transfer[]): readonly Transfer[] {
  if (transfers.length > TRANSFERS_MAX) {
    const message = `must be at most ${TRANSFERS_MAX}`;
    throw fail('transfer_malformed', `transfers ${message}.`, {
      faults: [{ field: 'transfers', message }],
    });
  }
  const ids = new Set<string>();
  const reversed = new Set<string>();
  for (const [at, transfer] of transfers.entries()) {
    const { id, reverses } = transfer;
    checkTransfer(transfer, `transfers.${at}.`);
    if (ids.has(id)) {
      const message = 'stands for another transfer of this request already';
      throw fail('transfer_malformed', `transfers.${at}.id ${message}.`, {
        faults: [{ field: `transfers.${at}.id`, message }],
      });
    }
    if (reverses !== undefined && reversed.has(reverses)) {
      const message = 'is reversed by another transfer of this request already';
      throw fail('transfer_reversed', `transfers.${at}.reverses ${message}.`, {
        faults: [{ field: `transfers.${at}.reverses`, message }],
      });
    }
    ids.add(id);
    if (reverses !== undefined) reversed.add(reverses);
  }
  return transfers;
}

type Sets = readonly (readonly Transfer[])[];

/** Sets that were checked; answers each, in their order. */
export async function postAll(tx: Tx, sets: Sets, at: Date): Promise<readonly Posting[]> {
  const { later, now } = apart(sets);
  const answers = new Map<number, Posting>();
  const rows = await postSets(
    tx,
    now.map((index) => sets[index] ?? []),
    at,
  );
  for (const [index, posting] of readAnswers(now, sets, rows)) answers.set(index, posting);
  // They repeat ids of the others: judged when those are in.
  for (const index of later) {
    const [posting] = await postAll(tx, [sets[index] ?? []], at);
    if (posting) answers.set(index, posting);
  }
  return sets.map((_, index) => {
    const posting = answers.get(index);
    must(posting, 'each set is answered');
    return posting;
  });
}

/** Places of sets that share no id and reverse nothing twice, and of those that repeat something of theirs. */
function apart(sets: Sets): { readonly now: readonly number[]; readonly later: readonly number[] } {
  const taken = new Set<string>();
  const now: number[] = [];
  const later: number[] = [];
  for (const [index, set] of sets.entries()) {
    const keys = set.flatMap(({ id, reverses }) =>
      reverses === undefined ? [id] : [id, `reverses ${reverses}`],
    );
    (keys.some((key) => taken.has(key)) ? later : now).push(index);
    for (const key of keys) taken.add(key);
  }
  return { now, later };
}

function* readAnswers(
  indexes: readonly number[],
  sets: Sets,
  rows: readonly PostRow[],
): Generator<readonly [number, Posting]> {
  const ofTransfer = new Map(rows.map((row) => [row.place, row]));
  let n = 0;
  for (const index of indexes) {
    const set = sets[index] ?? [];
    const said = set.map(({ id }, at) => ({ id, row: ofTransfer.get(n + at + 1) }));
    n += set.length;
    const refused = said.find(({ row }) => row && row.outcome !== 'exists');
    yield [index, refused ? toRefusal(refused.id, refused.row) : toPosted(said)];
  }
}

function toPosted(
  said: readonly { readonly id: string; readonly row: PostRow | undefined }[],
): Posting {
  const repeated = said.filter(({ row }) => row !== undefined).map(({ id }) => id);
  return repeated.length === 0 ? NOTHING : { outcome: 'posted', repeated };
}

function toRefusal(transfer: string, row: PostRow | undefined): Posting {
  must(row && row.outcome !== 'exists', 'a refusal has its reason');
  return { outcome: 'refused', transfer, reason: row.outcome, account: row.refusing ?? undefined };
}
