import { hash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#clock';
import type { Database } from '#database';
import type { IdSource } from '#ids';
import {
  countLeftOut,
  type Debtor,
  type FileRow,
  fillFile,
  findFile,
  findUnwrittenFiles,
  insertFile,
  type LeftOut,
  markWritten,
  readBatches,
  sumFile,
} from './bank-store.ts';
import { controlSum } from './decimal.ts';
import { fail } from './errors.ts';
import { readPain001, writePain001 } from './pain001.ts';

/** A file that is on the disk. */
export interface Exported {
  readonly messageId: string;
  readonly path: string;
  readonly sha256: string;
  readonly count: number;
  readonly sums: readonly { readonly currency: string; readonly amountMinor: bigint }[];
}

export interface Exporter {
  /**
   * Writes all that is ready, a file for each ten thousand, after those that an earlier run has begun. What stands in a
   * file never comes into another one; whoever is killed finishes the same file, byte for byte, the next time.
   */
  exportReady(tell: (file: Exported) => void): Promise<{ readonly leftOut: readonly LeftOut[] }>;
  /** Writes a file again: the same bytes. Throws `bank_file_unknown`. */
  exportAgain(messageId: string): Promise<Exported>;
}

export interface ExporterOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly folder: string;
  /** Whose account pays, for each currency. */
  readonly debtors: readonly Debtor[];
  /** Of one file; banks take files of tens of thousands. */
  readonly paymentsMax?: number;
}

const PAYMENTS_MAX = 10_000;
const UNWRITTEN_MAX = 1000;

export function createExporter(options: ExporterOptions): Exporter {
  const { clock, database, debtors, folder, ids, paymentsMax = PAYMENTS_MAX } = options;

  /** Decides what is in the next file: from then on it is in this one or in none. */
  async function beginFile(): Promise<FileRow | undefined> {
    const now = clock.now();
    const id = ids.next(now.getTime());
    const file = { id, message_id: `KOPEK-${id.toString(32).toUpperCase()}`, created_at: now };
    return database.transaction(async (tx) => {
      const count = await fillFile(tx, { fileId: id, debtors, limit: paymentsMax });
      if (count === 0) return undefined;
      await insertFile(tx, file);
      return { ...file, sha256: null };
    });
  }

  async function write(file: FileRow): Promise<Exported> {
    const batches = await readBatches(database.pool, file.id);
    const text = writePain001({ messageId: file.message_id, createdAt: file.created_at, batches });
    const path = join(folder, `${file.message_id}.xml`);
    await writeDurably(folder, path, text);
    const bytes = await readFile(path);
    const sums = await sumFile(database.pool, file.id);
    mustAgree(file, readPain001(bytes), sums);
    const sha256 = hash('sha256', bytes, 'hex');
    const isSame = await markWritten(database.pool, {
      ...{ fileId: file.id, sha256, bytes: bytes.length, now: clock.now() },
    });
    if (!isSame) throw differs(file, 'its bytes are not those that were written before');
    const count = sums.reduce((sum, one) => sum + one.count, 0);
    return { messageId: file.message_id, path, sha256, count, sums };
  }

  return {
    async exportReady(tell) {
      for (const file of await findUnwrittenFiles(database.pool, UNWRITTEN_MAX))
        tell(await write(file));
      for (let file = await beginFile(); file; file = await beginFile()) tell(await write(file));
      const currencies = debtors.map(({ currency }) => currency);
      return { leftOut: await countLeftOut(database.pool, currencies) };
    },
    async exportAgain(messageId) {
      const file = await findFile(database.pool, messageId);
      if (!file) throw fail('bank_file_unknown', `There is no file ${messageId}.`);
      return write(file);
    },
  };
}

/** Whoever sees the name sees all of the file. */
async function writeDurably(folder: string, path: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // Another run may be finishing the same file at this moment: the same bytes, each in a draft of its own.
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'w', 0o640);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What was written, read by another program than wrote it, against what the database says now. */
function mustAgree(
  file: FileRow,
  read: ReturnType<typeof readPain001>,
  sums: Awaited<ReturnType<typeof sumFile>>,
): void {
  if (read.messageId !== file.message_id) throw differs(file, `it says MsgId ${read.messageId}`);
  const count = sums.reduce((sum, one) => sum + one.count, 0);
  if (read.count !== count || read.payments.length !== count)
    throw differs(
      file,
      `it has ${read.payments.length} payments, and says ${read.count}: ${count}`,
    );
  if (read.controlSum !== controlSum(sums))
    throw differs(file, `its control sum is ${read.controlSum}, not ${controlSum(sums)}`);
  for (const { amountMinor, currency } of sums) {
    const sum = read.payments
      .filter((payment) => payment.currency === currency)
      .reduce((total, payment) => total + (payment.amountMinor ?? 0n), 0n);
    if (sum !== amountMinor)
      throw differs(file, `its payments in ${currency} come to ${sum}, not ${amountMinor}`);
  }
  if (new Set(read.payments.map(({ erpId }) => erpId)).size !== count)
    throw differs(file, 'it names a payment twice');
}

function differs({ message_id: messageId }: FileRow, why: string): Error {
  return fail('bank_file_differs', `Do not send ${messageId}: ${why}.`);
}
