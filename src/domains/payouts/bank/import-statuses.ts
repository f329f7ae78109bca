import type { Database, Tx } from '#database';
import { findFile, findSent } from './bank-store.ts';
import { fail } from './errors.ts';
import { batchId } from './pain001.ts';
import { type BankStatus, isDuplicate, readPain002, statusesOf } from './pain002.ts';

export interface Imported {
  readonly messageId: string;
  /** The file that it answers. */
  readonly originalId: string;
  /** Statuses of payments that it tells. */
  readonly told: number;
  /** Of them, those that were new. */
  readonly added: number;
  /** The bank had that file before: its payments stand as they were. */
  readonly duplicate: boolean;
}

export interface ImportOptions {
  readonly database: Database;
  /** Keeps statuses and applies what can be applied; told again, nothing happens. Answers how many were new. */
  readonly receive: (tx: Tx, statuses: readonly BankStatus[]) => Promise<number>;
}

const STATUSES_PER_TRANSACTION = 500;

/**
 * Takes a bank's `pain.002`. Parts of it are committed one after the other: whoever is killed imports the same file again.
 * Throws `bank_report_malformed`, and `bank_file_unknown` for an answer to a file that is not ours.
 */
export async function importStatuses(bytes: Buffer, options: ImportOptions): Promise<Imported> {
  const { database, receive } = options;
  const report = readPain002(bytes);
  const file = await findFile(database.pool, report.originalId);
  if (!file)
    throw fail(
      'bank_file_unknown',
      `It answers ${report.originalId}, and no file of that MsgId was written here.`,
    );
  const sent = (await findSent(database.pool, file.id)).map(({ batch, erpId }) => ({
    ...{ erpId, batch: batchId(report.originalId, batch) },
  }));
  const statuses = statusesOf(report, sent);
  let added = 0;
  for (let at = 0; at < statuses.length; at += STATUSES_PER_TRANSACTION) {
    const part = statuses.slice(at, at + STATUSES_PER_TRANSACTION);
    added += await database.transaction((tx) => receive(tx, part));
  }
  return {
    ...{ messageId: report.messageId, originalId: report.originalId, told: statuses.length, added },
    duplicate: isDuplicate(report),
  };
}
