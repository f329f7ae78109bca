import { open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { messageOf } from '#errors';
import { parseDecimal } from '#money';
import type { ListedTransaction } from '#payments/card-gateway';
import { fail } from '#payments/errors';

const BYTES_MAX = 512 * 1024 * 1024;
const COLUMNS_NEEDED = ['transaction', 'currency', 'at'] as const;
const KINDS = ['payment', 'refund'] as const;
const STATES = ['accepted', 'authorized', 'declined', 'voided', 'pending'] as const;
/** With its offset: a list without one is read wrongly by somebody. */
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/;

type Line = Readonly<Record<string, string>>;

/** Reads what a gateway has listed from a file. Throws `list_malformed`. */
export async function readGatewayList(path: string): Promise<readonly ListedTransaction[]> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw malformed(`can not be read: ${messageOf(error)}`);
  });
  try {
    const { size } = await file.stat();
    if (size > BYTES_MAX) throw malformed(`has ${size} bytes, and at most ${BYTES_MAX} are read`);
    return parseGatewayList(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/**
 * RFC 4180, with commas, semicolons or tabs; the first line names the columns: `transaction`, `amount_minor` or `amount`,
 * `currency`, `at`, and where they are known `payment` (our `pay_…`), `kind`, `state`, `of_transaction`, `fee_minor`.
 */
export function parseGatewayList(text: string): readonly ListedTransaction[] {
  const [head = ''] = text.replace(/^\uFEFF/, '').split(/\r?\n/, 1);
  const counts = [',', ';', '\t'].map((mark) => [head.split(mark).length, mark] as const);
  const [, delimiter] = counts.toSorted(([one], [other]) => other - one)[0] ?? [0, ','];
  const columns = head.split(delimiter).map((name) => name.trim().toLowerCase());
  for (const name of COLUMNS_NEEDED)
    if (!columns.includes(name)) throw malformed(`has no column ${name}: ${columns.join(', ')}`);
  if (!columns.includes('amount_minor') && !columns.includes('amount'))
    throw malformed(`has no column amount_minor, or amount: ${columns.join(', ')}`);
  return readLines(text, { columns, delimiter }).map((line, index) => toListed(line, index + 2));
}

function readLines(
  text: string,
  { columns, delimiter }: { readonly columns: string[]; readonly delimiter: string },
): readonly Line[] {
  const options = { columns, delimiter, bom: true, trim: true, skip_empty_lines: true, from: 2 };
  try {
    return parse(text, options) as unknown as readonly Line[];
  } catch (error) {
    throw malformed(`can not be read: ${messageOf(error)}`);
  }
}

/** `number`: as an editor counts the lines. */
function toListed(line: Line, number: number): ListedTransaction {
  const refuse = (what: string) => malformed(`has a fault in line ${number}: ${what}`);
  const { currency = '', of_transaction: of = '', payment = '', transaction = '' } = line;
  if (transaction === '') throw refuse('transaction is empty');
  if (!/^[A-Z]{3}$/.test(currency)) throw refuse('currency must be three letters, such as RUB');
  const at = new Date(line.at ?? '');
  if (!MOMENT.test(line.at ?? '') || Number.isNaN(at.getTime()))
    throw refuse('at must be a moment, such as 2026-11-01T12:30:00+03:00');
  const amountMinor = amountOf(line, currency);
  if (amountMinor === undefined || amountMinor < 0n)
    throw refuse('amount_minor must be a whole number, and amount a number of that currency');
  const kind = KINDS.find((known) => known === (line.kind || 'payment').toLowerCase());
  if (!kind) throw refuse(`kind must be one of ${KINDS.join(', ')}`);
  const state = STATES.find((known) => known === (line.state || 'accepted').toLowerCase());
  if (!state) throw refuse(`state must be one of ${STATES.join(', ')}`);
  const fee = line.fee_minor ?? '';
  if (!/^\d{0,15}$/.test(fee)) throw refuse('fee_minor must be a whole number of minor units');
  return {
    ...{ kind, state },
    facts: {
      ...{ transaction, amountMinor, currency, at, test: false },
      ...(payment === '' ? {} : { payment }),
      ...(fee === '' ? {} : { feeMinor: BigInt(fee) }),
    },
    ...(of === '' ? {} : { ofTransaction: of }),
  };
}

function amountOf({ amount = '', amount_minor = '' }: Line, currency: string): bigint | undefined {
  if (amount_minor === '') return parseDecimal(amount, currency);
  return /^\d{1,15}$/.test(amount_minor) ? BigInt(amount_minor) : undefined;
}

function malformed(what: string): Error {
  return fail('list_malformed', `The list ${what}.`, {
    faults: [{ field: 'list', message: what }],
  });
}
