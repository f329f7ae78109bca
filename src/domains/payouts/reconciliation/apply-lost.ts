import { hash } from 'node:crypto';
import type { Database, Tx } from '#database';
import type { Difference } from './judge.ts';
import type { TheirPayout } from './their-payout.ts';

/** A word that was found in a list, as the inbox keeps it. */
export interface LostStatus {
  readonly source: 'oebs';
  readonly eventId: string;
  readonly erpId: string;
  readonly status: string;
  readonly reason: string;
}

export interface ApplyOptions {
  readonly database: Database;
  /** Keeps statuses and applies what can be applied; told again, nothing happens. Answers how many were new. */
  readonly receive: (tx: Tx, statuses: readonly LostStatus[]) => Promise<number>;
}

const STATUSES_PER_TRANSACTION = 500;

/** Tells the words that were lost on the way. The same line of a list has the same event ids, however often it is applied. */
export async function applyLost(
  differences: readonly Difference[],
  theirs: ReadonlyMap<string, TheirPayout>,
  { database, receive }: ApplyOptions,
): Promise<number> {
  const lost = differences.flatMap((difference) => statusesOf(difference, theirs));
  let added = 0;
  for (let at = 0; at < lost.length; at += STATUSES_PER_TRANSACTION) {
    const part = lost.slice(at, at + STATUSES_PER_TRANSACTION);
    added += await database.transaction((tx) => receive(tx, part));
  }
  return added;
}

function statusesOf(
  { erpId, lost = [] }: Difference,
  theirs: ReadonlyMap<string, TheirPayout>,
): readonly LostStatus[] {
  const line = theirs.get(erpId);
  if (!line) return [];
  const fields = [erpId, line.amountMinor, line.currency, line.word, line.paidMinor].join('\n');
  const mark = hash('sha256', fields, 'hex').slice(0, 32);
  return lost.map((status) => ({
    ...{ source: 'oebs', eventId: `list-${mark}-${status}`, erpId, status },
    reason: `found in a list as ${line.word}`.slice(0, 500),
  }));
}
