import {
  type Acquirer,
  type Answer,
  type Chargeback,
  datePair,
  type Site,
  type Status,
  statusCodes,
  type Token,
  type Transaction,
  toModel,
} from '#simulators/cloudpayments/acquirer';
import { type ApiRequest, accept, type Endpoints } from './endpoint.ts';
import { Refusal, type RequestFields } from './fields.ts';
import { findTransaction } from './payments.ts';
import { zoneOffsetMs } from './time-zones.ts';

const pageLength = 100;
const dayMs = 86_400_000;
const notFound: Answer = { success: false, message: 'Not found' };

/** A declined one is answered with `Success: false`, as a decline is. */
function show(transaction: Transaction): Answer {
  return { success: transaction.status !== 'Declined', message: null, transaction };
}

/** The last of an order; the old search knows payments only. */
function find({ caller, fields }: ApiRequest, isNew: boolean): Answer {
  const { acquirer, site } = caller;
  const all = acquirer.store.transactionsOfInvoice(site.publicId, fields.needText('InvoiceId'));
  const last = all.findLast(({ type }) => isNew || type === 'Payment');
  return last === undefined ? notFound : show(last);
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last span that was looked for, so that the pages of a long list do not each look through everything. */
const selected = new WeakMap<Acquirer, { readonly key: string; readonly found: Transaction[] }>();

/** In the order they were made. */
function select({ caller }: ApiRequest, { fromMs, toMs }: Span): readonly Transaction[] {
  const { acquirer, site } = caller;
  const { revision, transactions } = acquirer.store;
  const key = [revision, site.publicId, fromMs, toMs].join(' ');
  const last = selected.get(acquirer);
  if (last?.key === key) return last.found;
  const found: Transaction[] = [];
  for (const transaction of transactions.values()) {
    const { createdMs } = transaction;
    const isWithin = createdMs >= fromMs && createdMs < toMs;
    if (isWithin && transaction.site === site.publicId) found.push(transaction);
  }
  found.sort((left, right) => left.createdMs - right.createdMs || left.id - right.id);
  selected.set(acquirer, { key, found });
  return found;
}

function models(site: Site, transactions: readonly Transaction[]): Answer {
  return accept(transactions.map((each) => toModel(each, site.settings.terminalUrl)));
}

function listDay(request: ApiRequest): Answer {
  const { caller, fields } = request;
  const day = fields.needText('Date').slice(0, 10);
  const startMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(startMs)) throw new Refusal('Invalid Date value');
  const fromMs = startMs - readZone(fields);
  return models(caller.site, select(request, { fromMs, toMs: fromMs + dayMs }));
}

function listSpan(request: ApiRequest): Answer {
  const { caller, fields } = request;
  const shift = readZone(fields);
  const fromMs = fields.needTime('CreatedDateGte') - shift;
  // Up to and with the second that was named.
  const toMs = fields.needTime('CreatedDateLte') - shift + 1;
  const statuses = fields.list('Statuses').map(readStatus);
  const page = readPage(fields);
  const all = select(request, { fromMs, toMs });
  const wanted = all.filter(({ status }) => statuses.length === 0 || statuses.includes(status));
  return models(caller.site, pageOf(wanted, page));
}

function readZone(fields: RequestFields): number {
  const offsetMs = zoneOffsetMs(fields.text('TimeZone') ?? 'UTC');
  if (offsetMs === undefined) throw new Refusal('Invalid TimeZone value');
  return offsetMs;
}

function readStatus(value: unknown): Status {
  const known = Object.keys(statusCodes) as Status[];
  const found = known.find((status) => status === value || statusCodes[status] === value);
  if (found === undefined) throw new Refusal('Invalid Statuses value');
  return found;
}

function readPage(fields: RequestFields): number {
  const page = fields.needWhole('PageNumber');
  if (page < 1) throw new Refusal('Invalid PageNumber value');
  return page;
}

function pageOf<Item>(all: readonly Item[], page: number): readonly Item[] {
  return all.slice((page - 1) * pageLength, page * pageLength);
}

function listTokens({ caller, fields }: ApiRequest): Answer {
  const all = [...caller.acquirer.store.tokens.values()];
  const own = all.filter(({ site }) => site === caller.site.publicId);
  return accept(pageOf(own, readPage(fields)).map(tokenModel));
}

function tokenModel({ accountId, card, token }: Token) {
  const [month, year] = card.expires.split('/').map(Number);
  return {
    ...{ Token: token, AccountId: accountId, CardMask: `${card.firstSix}****${card.lastFour}` },
    ...{ ExpirationDateMonth: month, ExpirationDateYear: 2000 + (year ?? 0) },
  };
}

function listChargebacks(request: ApiRequest): Answer {
  const { caller, fields } = request;
  const fromMs = fields.needTime('CreatedDateGte');
  const toMs = fields.needTime('CreatedDateLte');
  if (toMs - fromMs > 366 * dayMs) throw new Refusal('Invalid CreatedDateLte value');
  const own = caller.acquirer.store.chargebacks.filter(
    ({ atMs, site }) => site === caller.site.publicId && atMs >= fromMs && atMs <= toMs,
  );
  return accept(pageOf(own, readPage(fields)).map((each) => chargebackModel(request, each)));
}

function chargebackModel({ caller }: ApiRequest, chargeback: Chargeback) {
  const payment = caller.acquirer.store.transactions.get(chargeback.transactionId);
  const { firstSix = '', lastFour = '' } = payment?.card ?? {};
  return {
    ...{ ChargeBackId: chargeback.id, TransactionId: chargeback.transactionId },
    ...{ TerminalUrl: caller.site.settings.terminalUrl, Gateway: 'Test' },
    ...{ Operation: chargeback.operation, Type: chargeback.type },
    Card: `${firstSix}******${lastFour}`,
    ...datePair('Date', chargeback.atMs),
    ...{ Amount: chargeback.amountMinor / 100, Currency: payment?.currency ?? 'RUB' },
  };
}

export const readEndpoints: Endpoints = [
  [/^payments\/get$/, (request) => show(findTransaction(request))],
  [/^payments\/find$/, (request) => find(request, false)],
  [/^v2\/payments\/find$/, (request) => find(request, true)],
  [/^payments\/list$/, listDay],
  [/^v2\/payments\/list$/, listSpan],
  [/^payments\/tokens\/list$/, listTokens],
  [/^chargebacks\/list$/, listChargebacks],
];
