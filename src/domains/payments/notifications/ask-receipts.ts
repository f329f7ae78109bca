import type { Database } from '#database';
import { messageOf } from '#errors';
import type { CardGateway, FiscalFacts, ListedReceipt } from '#payments/card-gateway';
import type { CardGateways, CardLine } from '#payments/card-gateways';
import {
  claimFiscalQuestions,
  type FiscalQuestion,
  type FiscalStep,
  putOffFiscalQuestions,
  removeFiscalQuestions,
  stepFiscalQuestions,
} from '#payments/cards';
import { insertFiscalReceipts, type NewsContext } from '#payments/news';

export interface ReceiptAskerOptions {
  readonly database: Database;
  readonly cardGateways: CardGateways;
  readonly context: NewsContext;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Behind each answer that told of no registration. After the last one nobody is asked any more. */
const LADDER_MS = [
  ...[MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS],
  ...[DAY_MS, DAY_MS, DAY_MS, DAY_MS],
];
/** More than a day has passed: people look at it, and it is asked about still. */
const LATE_FROM = 6;
/** At first nearly all are registered, and a page of a list tells a hundred of them; those that are left are asked about one by one. */
const BY_LIST_BEFORE = 3;
const LISTED_MOST = 500;
const EACH_MOST = 32;
/** 5,000 receipts. What stands behind them is asked about again. */
const PAGES_MOST = 50;
/** A receipt is made with its operation, or a little later. */
const AROUND_MS = 15 * MINUTE_MS;
const AGAIN_MS = MINUTE_MS;
const TURN_PATIENCE_MS = 10_000;
/** Who asks for longer is asked with by somebody else: both write the same. */
const LEASE_MARGIN_MS = 30_000;

/**
 * Asks gateways that tell nothing by themselves which fiscal receipts their tills have registered. Answers how many were asked
 * about.
 */
export async function askForReceipts(options: ReceiptAskerOptions): Promise<number> {
  const { cardGateways } = options;
  const counts = await Promise.all(
    cardGateways.names().map((name) => {
      const gateway = cardGateways.gateway(name);
      const line = cardGateways.line(name);
      return gateway?.listReceipts && line.admits() ? askOne(options, gateway, line) : 0;
    }),
  );
  return counts.reduce((sum, one) => sum + one, 0);
}

async function askOne(options: ReceiptAskerOptions, gateway: CardGateway, line: CardLine) {
  const { context, database } = options;
  const questions = await claimFiscalQuestions(database.pool, {
    ...{ gateway: gateway.name, most: LISTED_MOST, now: context.clock.now() },
    leaseMs: 2 * gateway.longestMs() + LEASE_MARGIN_MS,
  });
  const [first] = questions;
  if (!first) return 0;
  const ask = first.asked < BY_LIST_BEFORE ? askByList : askEach;
  const { heard, unheard } = await ask({ gateway, line, options }, questions);
  await writeDown(options, heard);
  const dueAt = new Date(context.clock.nowMs() + AGAIN_MS);
  await putOffFiscalQuestions(database.pool, { questions: unheard, dueAt });
  return questions.length;
}

interface Asking {
  readonly gateway: CardGateway;
  readonly line: CardLine;
  readonly options: ReceiptAskerOptions;
}

interface Answered {
  readonly question: FiscalQuestion;
  readonly receipts: readonly ListedReceipt[];
}

interface Asked {
  readonly heard: readonly Answered[];
  readonly unheard: readonly FiscalQuestion[];
}

async function askByList(asking: Asking, questions: readonly FiscalQuestion[]): Promise<Asked> {
  try {
    const listed = Map.groupBy(await list(asking, questions), nameOf);
    const heard = questions.map((question) => ({
      ...{ question, receipts: listed.get(nameOf(question)) ?? [] },
    }));
    return { heard, unheard: [] };
  } catch (error) {
    warn(asking, error);
    return { heard: [], unheard: questions };
  }
}

const nameOf = ({ kind, transaction }: Pick<ListedReceipt, 'kind' | 'transaction'>) =>
  `${kind} ${transaction}`;

async function list(
  asking: Asking,
  questions: readonly FiscalQuestion[],
): Promise<readonly ListedReceipt[]> {
  const times = questions.map(({ at }) => at.getTime());
  const span = {
    from: new Date(Math.min(...times) - AROUND_MS),
    to: new Date(Math.max(...times) + AROUND_MS),
  };
  const receipts: ListedReceipt[] = [];
  let page: string | undefined;
  for (let pages = 0; pages < PAGES_MOST; pages += 1) {
    const listed = await call(asking, { ...span, ...(page === undefined ? {} : { page }) });
    receipts.push(...listed.receipts);
    page = listed.next;
    if (page === undefined) break;
  }
  return receipts;
}

/** One that can't be asked about holds up none of the others. More than a few at a time wait for the next turn. */
async function askEach(asking: Asking, questions: readonly FiscalQuestion[]): Promise<Asked> {
  const now = questions.slice(0, EACH_MOST);
  const asked = await Promise.allSettled(
    now.map(async (question) => {
      const { kind, transaction } = question;
      const { receipts } = await call(asking, { kind, transaction });
      return { question, receipts: receipts.filter((one) => nameOf(one) === nameOf(question)) };
    }),
  );
  const heard = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = asked.find((one) => one.status === 'rejected');
  if (failed) warn(asking, failed.reason);
  const known = new Set(heard.map(({ question }) => question));
  return { heard, unheard: questions.filter((question) => !known.has(question)) };
}

async function call(
  { gateway, line }: Asking,
  asked: Parameters<NonNullable<CardGateway['listReceipts']>>[0],
) {
  await line.take(1, AbortSignal.timeout(TURN_PATIENCE_MS));
  const listed = await gateway.listReceipts?.(asked);
  return listed ?? { receipts: [] };
}

function warn({ gateway, options }: Asking, error: unknown): void {
  const { log } = options.context;
  log.warn({ gateway: gateway.name, reason: messageOf(error) }, 'receipts could not be asked for');
}

async function writeDown(
  { context, database }: ReceiptAskerOptions,
  answers: readonly Answered[],
): Promise<void> {
  if (answers.length === 0) return;
  const now = context.clock.now();
  const registered = answers.filter(({ receipts }) => factsOf(receipts).length > 0);
  const rest = answers.filter((answer) => !registered.includes(answer));
  await database.transaction(async (tx) => {
    await insertFiscalReceipts(
      tx,
      registered.flatMap(({ question, receipts }) =>
        factsOf(receipts).map((facts) => ({
          ...{ ...facts, gateway: question.gateway, now },
          ...{ customerId: question.customer_id, paymentId: question.payment_id },
        })),
      ),
    );
    await removeFiscalQuestions(
      tx,
      registered.map(({ question }) => question),
    );
    await stepFiscalQuestions(
      tx,
      rest.map((answer) => stepOf(answer, now)),
    );
  });
}

const factsOf = (receipts: readonly ListedReceipt[]): readonly FiscalFacts[] =>
  receipts.flatMap(({ facts, state }) => (state === 'registered' && facts ? [facts] : []));

/** Of several receipts of one operation one that is under way may still be registered. */
function stepOf({ question, receipts }: Answered, now: Date): FiscalStep {
  const isPending = receipts.some(({ state }) => state === 'pending');
  const isCancelled = !isPending && receipts.some(({ state }) => state === 'cancelled');
  const afterMs = LADDER_MS[question.asked];
  const state = isCancelled ? 'cancelled' : afterMs === undefined ? 'unanswered' : 'open';
  return {
    ...{ question, state, isPending, dueAt: new Date(now.getTime() + (afterMs ?? 0)) },
    isLate: state !== 'open' || question.asked + 1 >= LATE_FROM,
  };
}
