import { sql } from '#database';
import { type HeardIn, openNews } from './card-news.ts';
import type { CardStage, Used } from './card-stage.ts';
import { showProgress } from './progress-bar.ts';

export interface Renewing {
  /** Customers `from` to `from + count - 1` become due at once. */
  readonly from: number;
  readonly count: number;
  /** Calls a hundred times a second meanwhile. */
  readonly withNews: boolean;
}

export interface Renewed extends HeardIn {
  /** Until each was charged, paid and posted, and the gateway's own word of each was applied. */
  readonly seconds: number;
  /** Until the last bill was paid and posted. */
  readonly paidSeconds: number;
  readonly used: Used;
}

const LOOK_MS = 100;
/** To count a hundred thousand ten times a second would cost as much as renewing some of them. */
const SELDOM_MS = 1000;
const PAGES_MOST = 6000;
const GIVE_UP_MS = 600_000;
const WITH_BAR = 20_000;
const LEDGER_PAGE = 50_000;
let series = 0;

/** Renews so many at once; answers when all is done. */
export async function renew(stage: CardStage, renewing: Renewing): Promise<Renewed> {
  const { count, from, withNews } = renewing;
  series += 1;
  const port = Number(new URL(stage.webhooks.url).port);
  const pages = Math.min(PAGES_MOST, count);
  const news = withNews
    ? await openNews({ house: stage.house, port, pages, series })
    : { close: async (): Promise<HeardIn> => ({ payMs: [], checkMs: [] }) };
  const progress = count >= WITH_BAR ? showProgress('renewed') : undefined;
  const before = await stage.used();
  const beganMs = performance.now();
  await makeDue(stage, { from, count });
  await until(
    async () => {
      const paid = await countPaid(stage, renewing);
      progress?.(paid, count);
      return paid >= count;
    },
    count >= WITH_BAR ? SELDOM_MS : LOOK_MS,
  );
  const paidSeconds = (performance.now() - beganMs) / 1000;
  const heard = await news.close();
  await until(async () => (await countUnheard(stage)) === 0);
  const seconds = (performance.now() - beganMs) / 1000;
  const after = await stage.used();
  return { ...heard, seconds, paidSeconds, used: difference(before, after) };
}

async function makeDue({ database }: CardStage, part: { from: number; count: number }) {
  await sql`
    update subscriptions.subscription set due_at = ${new Date()}
    where customer_id >= ${part.from} and customer_id < ${part.from + part.count}`.execute(
    database.pool,
  );
}

async function until(isDone: () => Promise<boolean>, everyMs = LOOK_MS): Promise<void> {
  const beganMs = performance.now();
  while (!(await isDone())) {
    if (performance.now() - beganMs > GIVE_UP_MS) throw new Error('must hold: all are renewed');
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function countPaid({ database }: CardStage, { count, from }: Renewing): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from subscriptions.bill
    where customer_id >= ${from} and customer_id < ${from + count} and period = 1 and state = 'paid'`.execute(
    database.pool,
  );
  return rows[0]?.count ?? 0;
}

async function countUnheard({ database }: CardStage): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from payments.notification where state = 'new'`.execute(
    database.pool,
  );
  return rows[0]?.count ?? 0;
}

function difference(before: Used, after: Used): Used {
  const entries = Object.entries(after) as [keyof Used, number][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value - before[name]]),
  ) as unknown as Used;
}

interface LedgerPage {
  readonly entries: readonly { readonly kind: string; readonly invoiceId: string | null }[];
  readonly next_after: number | null;
}

/** Of the gateway's own ledger: how often each of our payments was debited. */
async function debitsOf({ gateway }: CardStage): Promise<ReadonlyMap<string, number>> {
  const debits = new Map<string, number>();
  for (let after: number | null = 0; after !== null; ) {
    const answer = await fetch(`${gateway.url}/ledger?after=${after}&limit=${LEDGER_PAGE}`);
    const page = (await answer.json()) as LedgerPage;
    for (const { invoiceId, kind } of page.entries)
      if (kind === 'debit' && invoiceId?.startsWith('pay_'))
        debits.set(invoiceId, (debits.get(invoiceId) ?? 0) + 1);
    after = page.next_after;
  }
  return debits;
}

/** The gateway's own ledger: nobody was debited twice, and everybody whom we call paid was debited for it. */
export async function mustBeDebitedOnce(stage: CardStage, renewed: number): Promise<string> {
  const debits = await debitsOf(stage);
  const more = [...debits].filter(([, count]) => count > 1);
  if (more.length > 0 || debits.size !== renewed)
    throw new Error(
      `must hold: each of ${renewed} was debited once (${debits.size} were, ${more.length} more than once)`,
    );
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from ledger.transfer where kind = 'charge'`.execute(
    stage.database.pool,
  );
  return `${debits.size} renewals, each debited once in the gateway's own ledger; ${rows[0]?.count} charges posted in ours`;
}
