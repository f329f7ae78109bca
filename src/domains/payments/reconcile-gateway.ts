import { AppError } from '#errors';
import { applyNews } from './apply-news.ts';
import type { CardGateway, ListedTransaction } from './card-gateway.ts';
import type { CardGateways } from './card-gateways.ts';
import { compareListed, readMissing } from './compare-lists.ts';
import { fail } from './errors.ts';
import type { NewsContext } from './news-context.ts';
import { paymentId } from './payment.ts';
import {
  beginReconciliation,
  type Difference,
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

/** Compares gateways' own lists with our book. */
export interface Reconciler {
  /**
   * Reads the list of a span page by page, applies what was lost, and keeps what differs. Throws `gateway_unknown`,
   * `reconciliation_open`, and `gateway_list_unreadable` where a page did not come: then nothing is said to be missing.
   */
  reconcile(gateway: string, span: Span): Promise<ReconciliationReport>;
}

/** A gateway that never comes to the end of its list does not hold us up for ever. */
const PAGES_MOST = 100_000;

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { cardGateways, context } = options;
  const { clock, database, ids } = context;
  return {
    async reconcile(name, span) {
      const gateway = cardGateways.gateway(name);
      if (!gateway) throw fail('gateway_unknown', `There is no card gateway called ${name}.`);
      const beganAt = clock.now();
      const id = ids.next(beganAt.getTime());
      const begun = await database.transaction((tx) =>
        beginReconciliation(tx, { ...span, gateway: name, id, now: beganAt }),
      );
      if (!begun)
        throw fail('reconciliation_open', `${name} is being compared already: wait for its end.`);
      try {
        const report = await compare(options, gateway, span);
        await finish(options, { report, id });
        return report;
      } catch (error) {
        await dropReconciliation(database.pool, { gateway: name, id });
        throw error;
      }
    },
  };
}

async function compare(
  options: ReconcilerOptions,
  gateway: CardGateway,
  span: Span,
): Promise<ReconciliationReport> {
  const { context } = options;
  const seen = new Set<string>();
  const differences: Difference[] = [];
  let [listed, applied] = [0, 0];
  for await (const page of pagesOf(gateway, span)) {
    for (const { facts } of page) seen.add(facts.transaction);
    const compared = await compareListed(context, gateway.name, page);
    listed += page.length;
    applied += compared.applied;
    differences.push(...compared.differences);
  }
  for await (const dispute of disputesOf(gateway, span)) {
    listed += 1;
    const news = { news: 'dispute', dispute } as const;
    if ((await applyNews(context, { gateway: gateway.name, news })) !== 'unknown_order') continue;
    differences.push({
      ...{ kind: 'dispute', subject: `${dispute.id} ${dispute.kind}`, payment: undefined },
      ...{ transaction: dispute.transaction, oursMinor: undefined, at: dispute.at },
      ...{ theirsMinor: dispute.amountMinor, currency: dispute.currency },
      message: `A dispute (${dispute.kind}) of an operation that we know nothing of.`,
    });
  }
  if (gateway.list) differences.push(...(await readMissing(context, { gateway, span, seen })));
  differences.push(...(await unanswered(context, gateway.name)));
  return { gateway: gateway.name, ...span, listed, applied, differences };
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
  of: { readonly report: ReconciliationReport; readonly id: bigint },
): Promise<void> {
  const { applied, differences, from, gateway, listed, to } = of.report;
  const now = context.clock.now();
  await context.database.transaction(async (tx) => {
    await endDifferences(tx, { gateway, from, to, now, found: differences });
    await keepDifferences(tx, { gateway, found: differences, now });
    await endReconciliation(tx, { gateway, id: of.id, now, listed, applied });
  });
}
