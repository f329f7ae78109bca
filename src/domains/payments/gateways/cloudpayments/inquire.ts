import type { Clock } from '#clock';
import { type Json, textAt } from '#json';
import type { TransactionLogEntry } from '#operators';
import type { CardAnswer, CardInquiry, CardQuestion } from '#payments/card-gateway';
import { type Answer, type CardTalk, unknown } from '#payments/card-talk';
import { isLastPage, listPage, modelsOf } from './lists.ts';
import { type Found, readFound, readRefund, readTransaction } from './outcomes.ts';
import { idNumber, post } from './requests.ts';
import { type CloudPaymentsAccount, silentCurrency } from './settings.ts';
import { idOf, isRefund, ownIdOf } from './transaction.ts';

export interface InquiryOptions {
  readonly talk: CardTalk;
  readonly account: CloudPaymentsAccount;
  readonly clock: Clock;
  readonly question: CardQuestion;
}

/** 2,000 transactions of the site since the payment began; what has more says `unknown`. */
const PAGES_MAX = 20;
/** Their clock is not ours. */
const CLOCK_SKEW_MS = 300_000;

/**
 * Asks about a payment or a refund. `v2/payments/find` shows only the last operation under an order number, refunds among
 * them: a payment that was given back is looked up behind its refund, and where several may stand under one number the
 * list is looked through, so that a later refusal does not hide an earlier success.
 */
export async function inquire(options: InquiryOptions): Promise<CardAnswer<CardInquiry>> {
  const inquiry = new Inquiry(options);
  const result = await (options.question.kind === 'refund'
    ? inquiry.askRefund()
    : inquiry.askPayment());
  return { result, log: inquiry.log };
}

class Inquiry {
  readonly log: TransactionLogEntry[] = [];
  readonly #options: InquiryOptions;
  readonly #currency: string;

  constructor(options: InquiryOptions) {
    this.#options = options;
    this.#currency = silentCurrency(options.account);
  }

  async askPayment(): Promise<CardInquiry> {
    const { payment, presented, transaction } = this.#options.question;
    if (transaction !== undefined) return this.#readPayment(await this.#get(transaction));
    const found = await this.#find(payment);
    if (found.outcome !== 'found') return found;
    const original = isRefund(found.model) ? idOf(found.model, 'OriginalTransactionId') : undefined;
    if (original !== undefined) return this.#readPayment(await this.#get(original));
    if (isRefund(found.model)) return unknown('refund_of_nothing');
    const last = readTransaction(found.model, this.#currency);
    const stands = last.outcome === 'accepted' || last.outcome === 'authorized';
    return stands || !presented ? last : this.#askList(last);
  }

  /** Under one number, of several attempts the one that took money. */
  async #askList(last: CardInquiry): Promise<CardInquiry> {
    const listed = await this.#list((model) => {
      if (isRefund(model) || textAt(model, 'InvoiceId') !== this.#options.question.payment) return;
      const outcome = readTransaction(model, this.#currency);
      return outcome.outcome === 'accepted' || outcome.outcome === 'authorized'
        ? outcome
        : undefined;
    });
    return listed.outcome === 'not_found' ? last : listed;
  }

  async askRefund(): Promise<CardInquiry> {
    const { of, ofTransaction, payment, transaction } = this.#options.question;
    if (transaction !== undefined) return this.#readRefund(await this.#get(transaction));
    if (of !== undefined) {
      const found = await this.#find(of);
      if (found.outcome !== 'found') return found;
      if (isRefund(found.model) && ownIdOf(found.model) === payment) return this.#readRefund(found);
    }
    let nameless = false;
    const listed = await this.#list((model) => {
      if (!isRefund(model) || idOf(model, 'OriginalTransactionId') !== ofTransaction) return;
      const own = ownIdOf(model);
      nameless ||= own === undefined;
      return own === payment ? readRefund(model, this.#currency) : undefined;
    });
    // One of them may be ours, and then a second would be too many.
    return listed.outcome === 'not_found' && nameless ? unknown('nameless_refund') : listed;
  }

  /** The first of the list since the question's time that `judge` knows. */
  async #list(judge: (model: Json) => CardInquiry | undefined): Promise<CardInquiry> {
    const { account, clock, question } = this.#options;
    const from = new Date(question.since.getTime() - CLOCK_SKEW_MS);
    const to = new Date(clock.now().getTime() + CLOCK_SKEW_MS);
    for (let page = 1; page <= PAGES_MAX; page += 1) {
      const request = listPage(account, { path: '/v2/payments/list', from, to, page });
      const answered = await this.#ask(request, readPage);
      if (answered.outcome !== 'page') return answered;
      for (const model of answered.models) {
        const known = judge(model);
        if (known) return known;
      }
      if (isLastPage(answered.models)) return { outcome: 'not_found' };
    }
    return unknown('too_many_to_look_through');
  }

  #readPayment(found: Found): CardInquiry {
    return found.outcome === 'found' ? readTransaction(found.model, this.#currency) : found;
  }

  #readRefund(found: Found): CardInquiry {
    return found.outcome === 'found' ? readRefund(found.model, this.#currency) : found;
  }

  #get(transaction: string): Promise<Found> {
    const body = { TransactionId: idNumber(transaction) };
    return this.#ask(post(this.#options.account, '/payments/get', body), readFound);
  }

  #find(payment: string): Promise<Found> {
    const body = { InvoiceId: payment };
    return this.#ask(post(this.#options.account, '/v2/payments/find', body), readFound);
  }

  async #ask<Result extends { readonly outcome: string }>(
    request: ReturnType<typeof post>,
    read: (answer: Answer) => Result,
  ) {
    const about = { kind: 'inquiry', reference: this.#options.question.payment } as const;
    const { entry, result } = await this.#options.talk.ask(request, about, read);
    this.log.push(entry);
    return result;
  }
}

function readPage(answer: Answer) {
  const models = modelsOf(answer);
  return models ? ({ outcome: 'page', models } as const) : unknown('inquiry_failed');
}
