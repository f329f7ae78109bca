import { hash } from 'node:crypto';
import { type Account, accountId } from '#ledger/account';
import { fail } from '#ledger/errors';
import { checkMetadata } from '#ledger/metadata';

/** One side of a transfer: credit is positive, debit negative. */
export interface Line {
  readonly account: Account;
  readonly amountMinor: bigint;
}

/** Money that moves between accounts, all at once: its lines sum to zero in each currency. */
export interface Transfer {
  /** 128 bits as a UUID is written, best of version 7. Made and kept by the caller before it asks: it makes a repetition harmless. */
  readonly id: string;
  /** What kind of thing it is, such as `charge`. */
  readonly kind: string;
  /** What caused it, in the caller's words: `pay_…`. */
  readonly reference: string;
  readonly lines: readonly Line[];
  /** It has happened outside: what it takes beyond zero goes to the debt account, and it is never refused for that. */
  readonly fact?: boolean;
  /**
   * Moves the smaller of its amount and of what the first line's account has to spend; refused where that is nothing.
   * It has two lines: the debit of an account on whose credit side money lies, then the credit.
   */
  readonly upTo?: boolean;
  /** The transfer that it takes back; one transfer is taken back once. */
  readonly reverses?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What became of a set of transfers that is posted whole or not at all. */
export type Posting =
  | {
      readonly outcome: 'posted';
      /** Of them, those that had been posted before. */
      readonly repeated: readonly string[];
    }
  | {
      readonly outcome: 'refused';
      /** The first that could not be posted. */
      readonly transfer: string;
      /** `conflict`: its id stands for another transfer. `reversed`: what it reverses was reversed before. */
      readonly reason: 'below_zero' | 'conflict' | 'reversed';
      /** Which account would go below zero. */
      readonly account: bigint | undefined;
    };

/** Ten trillion of a currency with two digits: sums of many of them stay far below what a bigint column holds. */
export const AMOUNT_MAX = 1_000_000_000_000_000n;
const LINES_MAX = 100;
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const WORD = /^[a-z0-9][a-z0-9._-]{0,39}$/;
const REFERENCE_LENGTH_MAX = 200;

export function debit(account: Account, amountMinor: bigint): Line {
  return { account, amountMinor: -amountMinor };
}

export function credit(account: Account, amountMinor: bigint): Line {
  return { account, amountMinor };
}

/** The same lines the other way round. */
export function reversedLines(lines: readonly Line[]): readonly Line[] {
  return lines.map(({ account, amountMinor }) => ({ account, amountMinor: -amountMinor }));
}

/** What transfers and holds have in common: throws what is wrong with it, naming the field below `path`. */
export function checkNames(
  { id, kind, reference }: Pick<Transfer, 'id' | 'kind' | 'reference'>,
  path: string,
): void {
  const refuse = refuser(path);
  if (!UUID.test(id)) throw refuse('id', 'must be a UUID in small letters');
  if (!WORD.test(kind)) throw refuse('kind', 'must be one word of a-z, 0-9, dot and dash');
  if (
    reference.length > REFERENCE_LENGTH_MAX ||
    /[\p{Cc}]/u.test(reference) ||
    !reference.isWellFormed()
  )
    throw refuse(
      'reference',
      `must be at most ${REFERENCE_LENGTH_MAX} letters, without control characters`,
    );
}

function refuser(path: string) {
  return (field: string, message: string) =>
    fail('transfer_malformed', `${path}${field} ${message}.`, {
      faults: [{ field: `${path}${field}`, message }],
    });
}

/** Throws what is wrong with it, naming the field below `path`. */
export function checkTransfer(transfer: Transfer, path: string): void {
  const { lines, metadata, reverses } = transfer;
  const refuse = refuser(path);
  checkNames(transfer, path);
  if (metadata) checkMetadata(metadata, `${path}metadata`);
  if (reverses !== undefined && !UUID.test(reverses)) throw refuse('reverses', 'must be a UUID');
  if (lines.length < 2 || lines.length > LINES_MAX)
    throw refuse('lines', `must be 2 to ${LINES_MAX}`);
  if (transfer.upTo) checkUpTo(transfer, refuse);
  const sums = new Map<string, bigint>();
  for (const [at, { account, amountMinor }] of lines.entries()) {
    if (amountMinor === 0n) throw refuse(`lines.${at}`, 'must not be zero');
    if (amountMinor > AMOUNT_MAX || amountMinor < -AMOUNT_MAX)
      throw refuse(`lines.${at}`, `must be at most ${AMOUNT_MAX} minor units`);
    sums.set(account.currency, (sums.get(account.currency) ?? 0n) + amountMinor);
  }
  for (const [currency, sum] of sums) {
    if (sum !== 0n) {
      const message = `debits and credits in ${currency} differ by ${sum < 0n ? -sum : sum}`;
      throw fail('transfer_unbalanced', `${path}lines: ${message}.`, {
        faults: [{ field: `${path}lines`, message }],
      });
    }
  }
}

function checkUpTo(
  { fact, lines }: Transfer,
  refuse: (field: string, message: string) => Error,
): void {
  const [from, to] = lines;
  if (lines.length !== 2 || !from || !to || from.amountMinor >= 0n || from.account.side !== 1)
    throw refuse('lines', 'must be a debit of an account with a credit side, and a credit');
  if (fact) throw refuse('fact', 'can not be up to an amount');
}

/** Of all that was asked for: two requests are the same when these are. */
export function fingerprintOf(transfer: Transfer): string {
  const { fact = false, kind, lines, metadata, reference, reverses, upTo = false } = transfer;
  const text = JSON.stringify([
    ...[kind, reference, reverses ?? '', fact, upTo, metadata ? sorted(metadata) : ''],
    ...lines.map(({ account, amountMinor }) => `${accountId(account.id)} ${amountMinor}`),
  ]);
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** The order in which a caller happens to name members does not make another transfer. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([name, one]) => [name, sorted(one)] as const);
  return entries.toSorted(([left], [right]) => (left < right ? -1 : 1));
}
