import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '#clock';
import type { Database } from '#database';
import {
  type Difference,
  type JudgeOptions,
  judgePayout,
  type LedgerPayout,
  stranger,
} from './judge.ts';
import { compareStages, type StageBalance } from './judge-stages.ts';
import { countPayouts, findByErpIds, type Known, listPayouts, sumStages } from './our-store.ts';
import type { TheirPayout } from './their-payout.ts';

/** What reconciliation asks of the system of accounts. */
export interface LedgerBooks {
  /** Those of `ids` that are there. */
  transfers(
    ids: readonly string[],
  ): Promise<
    readonly { readonly id: string; readonly lines: readonly { readonly amountMinor: bigint }[] }[]
  >;
  /** A page of accounts, by id, from behind `after`. */
  accounts(query: {
    readonly type: string;
    readonly after?: bigint;
    readonly limit: number;
  }): Promise<
    readonly { readonly id: bigint; readonly currency: string; readonly balanceMinor: bigint }[]
  >;
}

export interface ReconciliationOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly ledger: LedgerBooks;
  readonly silentAfterMs: number;
  /** Payouts that are older stand in no list any more. */
  readonly since?: Date;
  /** Called now and then. */
  readonly progress?: (done: number, of: number) => void;
  /** How long to wait before a second look. Default 500. */
  readonly secondLookMs?: number;
}

export interface Reconciliation {
  readonly payouts: number;
  readonly listed: number;
  readonly differences: readonly Difference[];
}

const PAGE = 1000;
/** Differences are looked at again in parts of so many. */
const LOOKS = 3;
const SECOND_LOOK_MS = 500;

/**
 * Compares all three books while everything runs on. What differs is looked at again a moment later and told only if it
 * still differs: the books are read one after the other, and money may have moved between.
 */
export async function runReconciliation(
  theirs: ReadonlyMap<string, TheirPayout>,
  options: ReconciliationOptions,
): Promise<Reconciliation> {
  const { clock, database, progress, since, silentAfterMs } = options;
  const judge: JudgeOptions = { now: clock.now(), silentAfterMs };
  const total = await countPayouts(database.pool, since ?? null);
  const doubtful = new Set<string>();
  const strangers = new Set(theirs.keys());
  let payouts = 0;
  for (let after = 0n; ; ) {
    const page = await listPayouts(database.pool, { after, since: since ?? null, limit: PAGE });
    for (const { erpId } of await judgePage(page, { theirs, judge, options })) doubtful.add(erpId);
    for (const { ours } of page) strangers.delete(ours.erpId);
    payouts += page.length;
    progress?.(payouts, Math.max(total, payouts));
    const last = page.at(-1);
    if (!last || page.length < PAGE) break;
    after = last.id;
  }
  for (const erpId of strangers) doubtful.add(erpId);
  const differences = await lookAgain([...doubtful], { theirs, judge, options });
  return {
    ...{ payouts, listed: theirs.size },
    differences: [...differences, ...(await judgeStages(options))],
  };
}

interface Context {
  readonly theirs: ReadonlyMap<string, TheirPayout>;
  readonly judge: JudgeOptions;
  readonly options: ReconciliationOptions;
}

async function judgePage(page: readonly Known[], context: Context): Promise<readonly Difference[]> {
  const { judge, options, theirs } = context;
  const ledger = await readLedger(page, options.ledger);
  return page.flatMap(({ ours }) =>
    judgePayout(ours, ledger.get(ours.payout) ?? {}, theirs.get(ours.erpId), judge),
  );
}

async function lookAgain(
  doubtful: readonly string[],
  context: Context,
): Promise<readonly Difference[]> {
  if (doubtful.length === 0) return [];
  await pause(context.options.secondLookMs ?? SECOND_LOOK_MS);
  const found: Difference[] = [];
  for (let at = 0; at < doubtful.length; at += PAGE) {
    const part = doubtful.slice(at, at + PAGE);
    const known = await findByErpIds(context.options.database.pool, part);
    const ours = new Set(known.map(({ ours: { erpId } }) => erpId));
    found.push(...(await judgePage(known, context)));
    for (const erpId of part) {
      const theirs = context.theirs.get(erpId);
      if (theirs && !ours.has(erpId)) found.push(stranger(theirs));
    }
  }
  return found;
}

/** What each transfer of these payouts moved: all that its lines credit. */
async function readLedger(
  page: readonly Known[],
  ledger: LedgerBooks,
): Promise<ReadonlyMap<string, LedgerPayout>> {
  const ids = page.flatMap(({ transfers }) => Object.values(transfers));
  const posted = new Map(
    (await ledger.transfers(ids)).map(({ id, lines }) => [
      id,
      lines.reduce((sum, { amountMinor }) => (amountMinor > 0n ? sum + amountMinor : sum), 0n),
    ]),
  );
  return new Map(
    page.map(({ ours, transfers }) => {
      const moved = Object.entries(transfers).flatMap(([name, id]) => {
        const amount = posted.get(id);
        return amount === undefined ? [] : [[name, amount] as const];
      });
      return [ours.payout, Object.fromEntries(moved)];
    }),
  );
}

/** Only what differs at every look is a difference. */
async function judgeStages(options: ReconciliationOptions): Promise<readonly Difference[]> {
  let found: readonly Difference[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    if (look > 0) await pause(options.secondLookMs ?? SECOND_LOOK_MS);
    const before = await sumStages(options.database.pool);
    const balances = await readStages(options.ledger);
    found = compareStages(before, balances);
    if (found.length === 0) return [];
  }
  return found;
}

async function readStages(ledger: LedgerBooks): Promise<readonly StageBalance[]> {
  const sums = new Map<string, StageBalance>();
  for (const stage of ['reserved', 'sent'] as const) {
    for (let after: bigint | undefined = 0n; after !== undefined; ) {
      const page = await ledger.accounts({ type: `payout-${stage}`, after, limit: PAGE });
      for (const { balanceMinor, currency } of page) {
        const key = `${stage} ${currency}`;
        const sum = (sums.get(key)?.balanceMinor ?? 0n) + balanceMinor;
        sums.set(key, { stage, currency, balanceMinor: sum });
      }
      after = page.length < PAGE ? undefined : page.at(-1)?.id;
    }
  }
  return [...sums.values()];
}
