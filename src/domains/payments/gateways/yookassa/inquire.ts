import type { Clock } from '#clock';
import { type Json, listAt, textAt } from '#json';
import type { TransactionLogEntry } from '#operators';
import type { CardAnswer, CardInquiry, CardQuestion } from '#payments/card-gateway';
import { type CardTalk, unknown } from '#payments/card-talk';
import { listPath } from './lists.ts';
import { ownIdOf, ownRefundIdOf, readObject, readPayment, readRefund } from './outcomes.ts';
import { get, pathOf } from './requests.ts';
import type { YooKassaAccount } from './settings.ts';

export interface InquiryOptions {
  readonly talk: CardTalk;
  readonly account: YooKassaAccount;
  readonly clock: Clock;
  readonly question: CardQuestion;
}

/**
 * Whoever asked may have been told a wrong id (their notifications prove nothing): what names another payment of ours, or gives
 * back of another, is no answer.
 */
function isAskedAbout(object: Json, question: CardQuestion): boolean {
  if (question.kind === 'refund') {
    const of = textAt(object, 'payment_id');
    return question.ofTransaction === undefined || of === question.ofTransaction;
  }
  const own = ownIdOf(object);
  return own === undefined || own === question.payment;
}

/** 2,000 objects since the payment began; where there are more it says `unknown`. */
const PAGES_MAX = 20;
/** Their clock is not ours. */
const CLOCK_SKEW_MS = 300_000;

/**
 * By their id where it is known. They find nothing by an id of ours: without theirs the list is looked through, from when
 * the payment was begun.
 */
export async function inquire(options: InquiryOptions): Promise<CardAnswer<CardInquiry>> {
  const { account, clock, question, talk } = options;
  const log: TransactionLogEntry[] = [];
  const what = question.kind === 'refund' ? 'refunds' : 'payments';
  const read = question.kind === 'refund' ? readRefund : readPayment;
  const idOf = question.kind === 'refund' ? ownRefundIdOf : ownIdOf;

  async function ask(path: string) {
    const about = { kind: 'inquiry', reference: question.payment } as const;
    const { entry, result } = await talk.ask(get(account, path), about, readObject);
    log.push(entry);
    return result;
  }

  async function askById(transaction: string): Promise<CardInquiry> {
    const found = await ask(pathOf(what, transaction));
    if (found.outcome !== 'object') return found;
    return isAskedAbout(found.object, question) ? read(found.object) : { outcome: 'not_found' };
  }

  async function lookThrough(): Promise<CardInquiry> {
    const from = new Date(question.since.getTime() - CLOCK_SKEW_MS);
    const to = new Date(clock.now().getTime() + CLOCK_SKEW_MS);
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const of = what === 'refunds' ? question.ofTransaction : undefined;
      const found = await ask(listPath({ what, from, to, cursor, of }));
      if (found.outcome !== 'object') {
        return found.outcome === 'not_found' ? unknown('no_list') : found;
      }
      if (textAt(found.object, 'type') !== 'list') return unknown('unreadable');
      const own = listAt(found.object, 'items').find(
        (object: Json) => idOf(object) === question.payment,
      );
      if (own !== undefined) return read(own);
      cursor = textAt(found.object, 'next_cursor');
      if (cursor === undefined) return { outcome: 'not_found' };
    }
    return unknown('too_many_to_look_through');
  }

  const { transaction } = question;
  const result = await (transaction === undefined ? lookThrough() : askById(transaction));
  return { result, log };
}
