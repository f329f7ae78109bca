import { at, isList, type Json, listAt, textAt } from '#json';
import { parseDecimal } from '#money';
import type { Dispute, ListedTransaction } from '#payments/card-gateway';
import { type Answer, fail, type GatewayRequest, utcDate, validDate } from '#payments/card-talk';
import { post } from './requests.ts';
import type { CloudPaymentsAccount } from './settings.ts';
import { factsOf, idOf, isRefund, refundFactsOf } from './transaction.ts';

const PAGE_SIZE = 100;

export interface Page {
  readonly path: '/v2/payments/list' | '/chargebacks/list';
  readonly from: Date;
  readonly to: Date;
  readonly page: number;
}

export function listPage(account: CloudPaymentsAccount, page: Page): GatewayRequest {
  const body = {
    ...{ CreatedDateGte: page.from.toISOString(), CreatedDateLte: page.to.toISOString() },
    ...{ PageNumber: page.page, TimeZone: 'UTC' },
  };
  return post(account, page.path, body);
}

/** Undefined where the answer is no page. */
export function modelsOf({ json, status }: Answer): readonly Json[] | undefined {
  if (status !== 200 || at(json, 'Success') !== true || !isList(at(json, 'Model')))
    return undefined;
  return listAt(json, 'Model');
}

export function isLastPage(models: readonly Json[]): boolean {
  return models.length < PAGE_SIZE;
}

/** Pages are numbered from 1. */
export function pageNumber(page: string | undefined): number {
  return page === undefined ? 1 : Number(page);
}

/** Throws where the page did not come: a list with a hole in it would say that money is missing. */
export function requirePage(
  answered: { readonly outcome: string; readonly reason?: string },
  what: string,
): Error {
  return fail(
    'gateway_list_unreadable',
    `The list of ${what} did not come: ${answered.reason ?? answered.outcome}. Try again later.`,
  );
}

const STATES: Readonly<Record<string, ListedTransaction['state']>> = {
  Completed: 'accepted',
  Authorized: 'authorized',
  Declined: 'declined',
  Cancelled: 'voided',
  AwaitingAuthentication: 'pending',
};

export function toListed(model: Json, currency: string): readonly ListedTransaction[] {
  const state = STATES[textAt(model, 'Status') ?? ''];
  const refund = isRefund(model);
  const facts = refund ? refundFactsOf(model, currency) : factsOf(model, currency);
  if (!state || !facts) return [];
  const of = refund ? idOf(model, 'OriginalTransactionId') : undefined;
  return [
    {
      ...{ facts, kind: refund ? 'refund' : 'payment', state },
      ...(of === undefined ? {} : { ofTransaction: of }),
    },
  ];
}

/** A presentment takes the money back, a representment that was won brings it again. */
export function toDispute(model: Json): readonly Dispute[] {
  const id = textAt(model, 'ChargeBackId');
  const transaction = idOf(model, 'TransactionId');
  const currency = textAt(model, 'Currency') ?? '';
  const amountMinor = parseDecimal(textAt(model, 'Amount') ?? '', currency);
  const date = textAt(model, 'DateIso') ?? textAt(model, 'Date');
  const when = utcDate(date) ?? netDate(date) ?? validDate(date);
  if (id === undefined || transaction === undefined || amountMinor === undefined || !when)
    return [];
  const won = textAt(model, 'Operation') === 'Representment';
  const fee = textAt(model, 'Type') === 'Fee';
  return [
    {
      ...{ id, transaction, kind: fee ? 'fee' : won ? 'won' : 'lost' },
      ...{ amountMinor, currency, at: when },
    },
  ];
}

/** `/Date(ms)/`. */
function netDate(text = ''): Date | undefined {
  const [, ms] = /^\/Date\((\d{1,15})\)\/$/.exec(text) ?? [];
  return ms === undefined ? undefined : new Date(Number(ms));
}
