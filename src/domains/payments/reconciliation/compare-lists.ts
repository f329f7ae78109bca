import type { CardGateway, ListedTransaction } from '#payments/card-gateway';
import { accountOf } from '#payments/cards';
import { applyNews, keepFeeOf, type NewsContext } from '#payments/news';
import { paymentId, readPaymentId } from '#payments/payment';
import { findByTransaction } from '#payments/presented-store';
import type { Pulse } from './reconciliation-pulse.ts';
import {
  type Difference,
  type DifferenceKind,
  findOurs,
  listOurs,
  type Ours,
  type Span,
} from './reconciliation-store.ts';

/** One page of a gateway's list beside our book: what was lost is applied, as a notification of it would have been. */
export async function compareListed(
  context: NewsContext,
  gateway: string,
  page: readonly ListedTransaction[],
): Promise<{ readonly applied: number; readonly differences: readonly Difference[] }> {
  const transactions = page.map(({ facts }) => facts.transaction);
  const ours = await findOurs(context.database.pool, { gateway, transactions });
  const differences: Difference[] = [];
  let applied = 0;
  for (const listed of page) {
    const known = ours.get(listed.facts.transaction);
    const found = await compareOne(context, { gateway, listed, known });
    if (found === 'applied') applied += 1;
    else if (found) differences.push(found);
  }
  return { applied, differences };
}

interface Compared {
  readonly gateway: string;
  readonly listed: ListedTransaction;
  readonly known: Ours | undefined;
}

async function compareOne(
  context: NewsContext,
  compared: Compared,
): Promise<Difference | 'applied' | undefined> {
  const { known, listed } = compared;
  const { facts, state } = listed;
  if (state === 'declined' || state === 'pending') return undefined;
  if (state === 'voided') return applyVoided(context, compared);
  const isSettled = known && known.role !== 'declined' && known.state !== 'authorized';
  if (!isSettled) return applyLost(context, compared);
  if (known.role === 'conflict') return differenceOf(compared, 'conflict');
  if (known.amount_minor !== facts.amountMinor && !isPart(known, listed))
    return differenceOf(compared, 'amount_differs');
  if (listed.kind === 'payment' && facts.feeMinor !== undefined)
    await keepFee(context, compared.gateway, listed);
  return undefined;
}

/** Some gateways show what was taken of a reservation, some what was reserved. */
function isPart({ amount_minor: ours, role }: Ours, { facts, kind }: ListedTransaction): boolean {
  return kind === 'payment' && role === 'settles' && facts.amountMinor < ours;
}

async function keepFee(
  context: NewsContext,
  gateway: string,
  { facts }: ListedTransaction,
): Promise<void> {
  const row = await findByTransaction(context.database.pool, {
    ...{ gateway, transaction: facts.transaction },
  });
  if (row) await keepFeeOf(context, { gateway, row, facts });
}

async function applyVoided(
  context: NewsContext,
  { gateway, known, listed }: Compared,
): Promise<'applied' | undefined> {
  const { payment, transaction } = listed.facts;
  if (known?.state !== 'authorized') return undefined;
  const named = payment === undefined ? {} : { payment };
  const news = { news: 'voided', transaction, ...named } as const;
  return (await applyNews(context, { gateway, news })) === 'voided' ? 'applied' : undefined;
}

/** Its notification was lost, or is on its way still. */
async function applyLost(
  context: NewsContext,
  compared: Compared,
): Promise<Difference | 'applied' | undefined> {
  const { gateway, known, listed } = compared;
  const { facts, kind, ofTransaction = '', state } = listed;
  if (known?.state === 'authorized' && state === 'authorized') return undefined;
  const outcome = state === 'accepted' ? 'accepted' : 'authorized';
  const applied = await applyNews(context, {
    gateway,
    news:
      kind === 'refund'
        ? { news: 'refund', state: 'accepted', facts, ofTransaction }
        : {
            ...{ news: 'payment', outcome: { outcome, facts } },
            ...(facts.payment !== undefined && { payment: facts.payment }),
          },
  });
  switch (applied) {
    case 'unknown_order':
      return differenceOf(compared, kind === 'refund' ? 'refund_unknown_here' : 'unknown_here');
    case 'conflict':
      return differenceOf(compared, 'conflict');
    case 'again':
    case 'ignored':
    case 'later':
      return undefined;
    default:
      return 'applied';
  }
}

const MESSAGES: Readonly<Record<DifferenceKind, string>> = {
  unknown_here: 'The gateway was paid for nothing that we know.',
  missing_there: 'We have it as paid, and the gateway knows nothing of it.',
  amount_differs: 'The gateway has another amount than we have.',
  refund_unknown_here: 'The gateway gave back of nothing that we know.',
  refund_missing_there: 'We have it as given back, and the gateway knows nothing of it.',
  conflict: 'It is not what was asked for: it has to be settled by hand.',
  unanswered: 'Nobody could say what became of it.',
  dispute: 'A dispute of nothing that we know.',
};

function differenceOf({ known, listed }: Compared, kind: DifferenceKind): Difference {
  const { amountMinor, at, currency, payment, transaction } = listed.facts;
  const named = payment === undefined ? undefined : readPaymentId(payment);
  return {
    ...{ kind, subject: transaction, transaction, theirsMinor: amountMinor, currency },
    payment: known ? { customerId: known.customer_id, id: known.payment_id } : named,
    ...{ oursMinor: known?.amount_minor, at: at ?? new Date(0), message: MESSAGES[kind] },
  };
}

const CHUNK = 1000;
/** Their clock is not ours, and a list may lag. */
export const EDGE_MS = 600_000;

/** The part of a span of which a list is sure to have everything. */
export function sureOf({ from, to }: Span): Span {
  return { from: new Date(from.getTime() + EDGE_MS), to: new Date(to.getTime() - EDGE_MS) };
}

/** What our book has and the list has not. Each is asked about by itself first: a list may be cut by another time. */
export async function readMissing(
  context: NewsContext,
  {
    gateway,
    pulse,
    seen,
    span,
  }: {
    readonly gateway: CardGateway;
    readonly pulse: Pulse;
    readonly seen: ReadonlySet<string>;
    readonly span: Span;
  },
): Promise<readonly Difference[]> {
  const { from, to } = sureOf(span);
  const missing: Difference[] = [];
  for (let after = ''; ; ) {
    const ours = await listOurs(context.database.pool, {
      ...{ from, to, gateway: gateway.name, after, most: CHUNK },
    });
    for (const one of ours.filter(({ transaction }) => !seen.has(transaction))) {
      await pulse();
      if (await isMissing(gateway, one)) missing.push(missingOf(one));
    }
    const last = ours.at(-1);
    if (!last) return missing;
    after = last.transaction;
  }
}

async function isMissing(gateway: CardGateway, one: Ours): Promise<boolean> {
  // Of others a question is the order once more: it might be carried out. What their list says is all there is.
  if (gateway.capabilities.inquiry !== 'byOurId') return true;
  const { result } = await gateway.inquire({
    ...{ payment: paymentId(one.customer_id, one.payment_id), kind: one.kind, presented: false },
    ...{ account: accountOf(one.customer_id), amountMinor: one.amount_minor, since: one.at },
    ...{ currency: one.currency, transaction: one.transaction },
  });
  return result.outcome === 'not_found' || result.outcome === 'declined';
}

function missingOf(one: Ours): Difference {
  const kind = one.kind === 'refund' ? 'refund_missing_there' : 'missing_there';
  return {
    ...{ kind, subject: one.transaction, transaction: one.transaction, theirsMinor: undefined },
    payment: { customerId: one.customer_id, id: one.payment_id },
    ...{ oursMinor: one.amount_minor, currency: one.currency, at: one.at, message: MESSAGES[kind] },
  };
}
