import type { Clock } from '#clock';
import { textAt } from '#json';
import type { TransactionLogEntry } from '#operators';
import type { CardAnswer, CardInquiry, CardQuestion } from '#payments/card-gateway';
import { unknown } from '#payments/card-talk';
import type { StripeTalk } from './client.ts';
import { pageOf, readPage } from './lists.ts';
import { readIntent, readRefund } from './outcomes.ts';

export interface InquiryOptions {
  readonly talk: StripeTalk;
  readonly clock: Clock;
  readonly question: CardQuestion;
}

/** 2,000 objects since the payment began; where there are more it says `unknown`. */
const PAGES_MAX = 20;
/** Their clock is not ours. */
const CLOCK_SKEW_MS = 300_000;
const WITH_CHARGE = { expand: ['latest_charge.balance_transaction'] };

/**
 * By their id where it is known; else the list is looked through for ours. Their search finds by it too, but up to a minute
 * late, and what it does not find may stand there all the same.
 */
export function inquire(options: InquiryOptions): Promise<CardAnswer<CardInquiry>> {
  const { transaction } = options.question;
  return transaction === undefined ? lookThrough(options) : askById(options, transaction);
}

function askById(
  { question, talk }: InquiryOptions,
  transaction: string,
): Promise<CardAnswer<CardInquiry>> {
  const about = { kind: 'inquiry', reference: question.payment } as const;
  return question.kind === 'refund'
    ? notFoundOr(talk.say(about, ({ refunds }) => refunds.retrieve(transaction), readRefund))
    : notFoundOr(
        talk.say(
          about,
          ({ paymentIntents }) => paymentIntents.retrieve(transaction, WITH_CHARGE),
          readIntent,
        ),
      );
}

async function notFoundOr(
  asked: Promise<CardAnswer<CardInquiry>>,
): Promise<CardAnswer<CardInquiry>> {
  const { log, result } = await asked;
  // A question that they would not take says nothing of the payment; that there is none such does.
  if (result.outcome !== 'declined' || result.reason !== 'invalid_request') return { log, result };
  const missing = result.code === 'resource_missing';
  return { log, result: missing ? { outcome: 'not_found' } : unknown(result.code) };
}

async function lookThrough(options: InquiryOptions): Promise<CardAnswer<CardInquiry>> {
  const { clock, question, talk } = options;
  const log: TransactionLogEntry[] = [];
  const from = new Date(question.since.getTime() - CLOCK_SKEW_MS);
  const to = new Date(clock.now().getTime() + CLOCK_SKEW_MS);
  const about = { kind: 'inquiry', reference: question.payment } as const;
  const isRefund = question.kind === 'refund';
  const of = question.ofTransaction;
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const span = pageOf({ from, to }, after);
    const said = await talk.say(
      about,
      ({ paymentIntents, refunds }) =>
        isRefund
          ? refunds.list({ ...span, ...(of === undefined ? {} : { payment_intent: of }) })
          : paymentIntents.list({ ...span, expand: ['data.latest_charge'] }),
      readPage,
    );
    log.push(...said.log);
    if (said.result.outcome === 'declined') return { result: unknown(said.result.code), log };
    if (said.result.outcome !== 'page') return { result: said.result, log };
    const own = said.result.items.find(
      (item) => textAt(item, 'metadata', 'payment') === question.payment,
    );
    if (own !== undefined) return { result: isRefund ? readRefund(own) : readIntent(own), log };
    after = said.result.after;
    if (after === undefined) return { result: { outcome: 'not_found' }, log };
  }
  return { result: unknown('too_many_to_look_through'), log };
}
