import { AppError } from '#errors';
import type { CardGateway, ListedTransaction } from '#payments/card-gateway';
import type { CardGateways } from '#payments/card-gateways';
import { fail } from '#payments/errors';
import { applyNews, type NewsContext } from '#payments/news';
import { paymentId } from '#payments/payment';
import { compareListed, readMissing, sureOf } from './compare-lists.ts';
import { createPulse, type Pulse } from './reconciliation-pulse.ts';
import {
  beginReconciliation,
  type Difference,
  type DifferenceKind,
  differenceKinds,
  dropReconciliation,
  endDifferences,
  endReconciliation,
  keepDifferences,
  listUnanswered,
  type Span,
} from './reconciliation-store.ts';

export interface ReconcilerOptions {
  readonly cardGateways: CardGateways;
  readonly context: NewsContext;
}

export interface ReconciliationReport {
  readonly gateway: string;
  readonly from: Date;
  readonly to: Date;
  /** Operations and disputes in its list. */
  readonly listed: number;
  /** News that had been lost and has been applied now. */
  readonly applied: number;
  /** Found by this comparison. */
  readonly differences: readonly Difference[];
}

/** A comparison that somebody asks for. */
export interface Reconciling {
  /** Who; absent: nobody, it is the nightly one. */
  readonly actor?: string;
  /** What the gateway has listed elsewhere: then it is not asked for its list. */
  readonly list?: readonly ListedTransaction[];
  /** Told after each page: how many were read so far. */
  readonly progress?: (listed: number) => void;
  /** Ends it before its end: nothing is said to be missing then. */
  readonly signal?: AbortSignal;
}

/** Compares gateways' own lists with our book. */
export interface Reconciler {
  /**
   * Reads the list of a span page by page, applies what was lost, and keeps what differs. Throws `gateway_unknown`,
   * `reconciliation_open`, `reconciliation_cut_off`, and `gateway_list_unreadable` where a page did not come: then nothing
   * is said to be missing.
   */
  reconcile(gateway: string, span: Span, how?: Reconciling): Promise<ReconciliationReport>;
}

/** A gateway that never comes to the end of its list does not hold us up for ever. */
const PAGES_MOST = 100_000;

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { cardGateways, context } = options;
  const { clock, database, ids } = context;
  return {
    async reconcile(name, span, how = {}) {
      const gateway = cardGateways.gateway(name);
      if (!gateway) throw fail('gateway_unknown', `There is no card gateway called ${name}.`);
      const beganAt = clock.now();
      const id = ids.next(beganAt.getTime());
      const begun = await database.transaction((tx) =>
        beginReconciliation(tx, {
          ...{ ...span, gateway: name, id, now: beganAt, actor: how.actor ?? null },
        }),
      );
      if (!begun)
        throw fail('reconciliation_open', `${name} is being compared already: wait for its end.`);
      try {
        const pulse = createPulse({ database, gateway: name, id, signal: how.signal });
        const { isListed, report } = await compare(options, { gateway, span, how, pulse });
        await finish(options, { report, id, isListed });
        return report;
      } catch (error) {
        await dropReconciliation(database.pool, { gateway: name, id });
        throw error;
      }
    },
  };
}

interface Comparing {
  readonly gateway: CardGateway;
  readonly span: Span;
  readonly how: Reconciling;
  readonly pulse: Pulse;
}

/** What the gateway can be asked for: nothing is said to be missing, or gone, that nobody has looked for. */
interface Listed {
  readonly transactions: boolean;
  readonly disputes: boolean;
}

async function compare(
  options: ReconcilerOptions,
  comparing: Comparing,
): Promise<{ readonly report: ReconciliationReport; readonly isListed: Listed }> {
  const { context } = options;
  const { gateway, how, pulse, span } = comparing;
  const isListed = {
    transactions: how.list !== undefined || gateway.list !== undefined,
    disputes: how.list === undefined && gateway.listDisputes !== undefined,
  };
  const seen = new Set<string>();
  const differences: Difference[] = [];
  let [listed, applied] = [0, 0];
  for await (const page of how.list ? pagesOfFile(how.list, span) : pagesOf(gateway, span)) {
    await pulse();
    for (const { facts } of page) seen.add(facts.transaction);
    const compared = await compareListed(context, gateway.name, page);
    listed += page.length;
    applied += compared.applied;
    differences.push(...compared.differences);
    how.progress?.(listed);
  }
  if (isListed.disputes) {
    const disputes = await compareDisputes(context, comparing);
    listed += disputes.listed;
    differences.push(...disputes.differences);
  }
  if (isListed.transactions)
    differences.push(...(await readMissing(context, { ...comparing, seen })));
  differences.push(...(await unanswered(context, gateway.name)));
  return { report: { gateway: gateway.name, ...span, listed, applied, differences }, isListed };
}

async function compareDisputes(
  context: NewsContext,
  { gateway, pulse, span }: Comparing,
): Promise<{ readonly listed: number; readonly differences: readonly Difference[] }> {
  const differences: Difference[] = [];
  let listed = 0;
  for await (const dispute of disputesOf(gateway, span)) {
    listed += 1;
    await pulse();
    const news = { news: 'dispute', dispute } as const;
    if ((await applyNews(context, { gateway: gateway.name, news })) !== 'unknown_order') continue;
    differences.push({
      ...{ kind: 'dispute', subject: `${dispute.id} ${dispute.kind}`, payment: undefined },
      ...{ transaction: dispute.transaction, oursMinor: undefined, at: dispute.at },
      ...{ theirsMinor: dispute.amountMinor, currency: dispute.currency },
      message: `A dispute (${dispute.kind}) of an operation that we know nothing of.`,
    });
  }
  return { listed, differences };
}

const FILE_PAGE = 1000;

/** Lines of other days are left out: our book is compared within the span only. */
async function* pagesOfFile(
  list: readonly ListedTransaction[],
  { from, to }: Span,
): AsyncGenerator<readonly ListedTransaction[]> {
  const within = list.filter(({ facts: { at } }) => !at || (at >= from && at < to));
  for (let start = 0; start < within.length; start += FILE_PAGE)
    yield within.slice(start, start + FILE_PAGE);
}

async function* pagesOf(
  gateway: CardGateway,
  span: Span,
): AsyncGenerator<readonly ListedTransaction[]> {
  let page: string | undefined;
  for (let pages = 0; gateway.list && pages < PAGES_MOST; pages += 1) {
    const { next, transactions } = await gateway.list({
      ...span,
      ...(page !== undefined && { page }),
    });
    yield transactions;
    if (next === undefined) return;
    page = next;
  }
  if (gateway.list) throw endless(gateway.name);
}

async function* disputesOf(gateway: CardGateway, span: Span) {
  let page: string | undefined;
  for (let pages = 0; gateway.listDisputes && pages < PAGES_MOST; pages += 1) {
    const { disputes, next } = await gateway.listDisputes({
      ...span,
      ...(page !== undefined && { page }),
    });
    yield* disputes;
    if (next === undefined) return;
    page = next;
  }
  if (gateway.listDisputes) throw endless(gateway.name);
}

function endless(gateway: string): AppError {
  const why = `The list of ${gateway} has no end: ask for fewer days.`;
  return new AppError('unavailable', 'gateway_list_unreadable', why);
}

async function unanswered({ database }: NewsContext, gateway: string): Promise<Difference[]> {
  const rows = await listUnanswered(database.pool, gateway);
  return rows.map((row) => ({
    ...{ kind: 'unanswered', subject: paymentId(row.customer_id, row.id), theirsMinor: undefined },
    ...{ payment: { customerId: row.customer_id, id: row.id }, transaction: undefined },
    ...{ oursMinor: row.amount_minor, currency: row.currency, at: row.created_at },
    message:
      'Nobody could say what became of it: look it up at the gateway, and settle it by hand.',
  }));
}

async function finish(
  { context }: ReconcilerOptions,
  of: {
    readonly report: ReconciliationReport;
    readonly id: bigint;
    readonly isListed: Listed;
  },
): Promise<void> {
  const { applied, differences, from, gateway, listed, to } = of.report;
  const now = context.clock.now();
  const sure = sureOf({ from, to });
  const kinds = kindsLookedFor(of.isListed);
  await context.database.transaction(async (tx) => {
    await endDifferences(tx, { gateway, from, to, sure, kinds, now, found: differences });
    await keepDifferences(tx, { gateway, found: differences, now });
    await endReconciliation(tx, { gateway, id: of.id, now, listed, applied });
  });
}

function kindsLookedFor({ disputes, transactions }: Listed): readonly DifferenceKind[] {
  return differenceKinds.filter((kind) => {
    if (kind === 'unanswered') return true;
    return kind === 'dispute' ? disputes : transactions;
  });
}
