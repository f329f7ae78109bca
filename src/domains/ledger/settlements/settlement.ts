import { parse } from 'csv-parse/sync';
import { fail } from '#ledger/errors';

/** A statement of a gateway: which charges it has paid over, and what it has kept of each. */
export interface Statement {
  readonly gateway: string;
  /** Its name: imported once. */
  readonly statement: string;
  readonly currency: string;
  readonly lines: readonly StatementLine[];
  /** Of its bytes: a statement of the same name with other bytes is refused. */
  readonly hash: string;
}

/** Amounts in minor units; a refund that the gateway has taken back is negative. */
export interface StatementLine {
  /** From 1, as people count the lines below the head. */
  readonly line: number;
  /** As the gateway knows the charge: the payment's id in digits. */
  readonly transactionId: string;
  readonly grossMinor: bigint;
  readonly feeMinor: bigint;
  readonly operatorShareMinor: bigint;
}

const HEAD = ['transaction_id', 'gross_minor', 'fee_minor', 'operator_share_minor'] as const;
const LINES_MAX = 2_000_000;
const WHOLE = /^-?\d{1,15}$/;
const DIGITS = /^\d{1,19}$/;

/**
 * Reads a statement as CSV: a head with `transaction_id,gross_minor,fee_minor,operator_share_minor` in any order, then a
 * line for each charge. Throws `settlement_invalid`, naming the line and the column: nothing of a bad file is imported.
 */
export function parseStatement(text: string): readonly StatementLine[] {
  const records = readRecords(text);
  const [head = [], ...rows] = records;
  for (const name of HEAD) {
    if (!head.includes(name))
      throw refuse(`the head lacks ${name}: it must name ${HEAD.join(',')}`);
  }
  if (rows.length > LINES_MAX) throw refuse(`has over ${LINES_MAX} lines: part it`);
  const place = new Map(head.map((name, at) => [name, at]));
  const seen = new Map<string, number>();
  return rows.map((row, at) => {
    const line = at + 1;
    const read = (name: (typeof HEAD)[number]) => (row[place.get(name) ?? -1] ?? '').trim();
    const amount = (name: (typeof HEAD)[number]) => {
      const found = read(name);
      if (!WHOLE.test(found))
        throw refuse(`line ${line}: ${name} must be a whole number of minor units`);
      return BigInt(found);
    };
    const transactionId = read('transaction_id');
    if (!DIGITS.test(transactionId))
      throw refuse(`line ${line}: transaction_id must be 1 to 19 digits`);
    const before = seen.get(transactionId);
    if (before !== undefined)
      throw refuse(`line ${line} repeats transaction ${transactionId} of line ${before}`);
    seen.set(transactionId, line);
    return {
      ...{ line, transactionId, grossMinor: amount('gross_minor') },
      ...{ feeMinor: amount('fee_minor'), operatorShareMinor: amount('operator_share_minor') },
    };
  });
}

function readRecords(text: string): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, relax_column_count: false });
  } catch (error) {
    throw refuse(`can not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refuse(what: string): Error {
  return fail('settlement_invalid', `The statement ${what}.`, {
    faults: [{ field: 'statement', message: what }],
  });
}
