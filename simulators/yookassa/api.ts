import {
  type ApiCall,
  type Fields,
  type GatewayCall,
  isFields,
  json,
  KeptAnswers,
  type Reply,
} from '#simulators/kit';
import {
  internalError,
  invalid,
  notFound,
  outOfService,
  processing,
  tooMany,
  unauthorized,
} from './errors.ts';
import { list } from './lists.ts';
import { type Asked, cancelPayment, capturePayment, createPayment } from './payments.ts';
import type { Receipt } from './receipts.ts';
import { createRefund } from './refunds.ts';
import type { Shop } from './shop.ts';

const keptMs = 24 * 3_600_000;
const keyMax = 64;

interface Question extends Asked {
  readonly id: string;
  readonly query: URLSearchParams;
}

type Act = (shop: Shop, question: Question) => Reply;
type OperationRoute = readonly [method: string, path: RegExp, name: string, act: Act];

const operations: readonly OperationRoute[] = [
  ['POST', /^\/payments$/, 'create', createPayment],
  ['GET', /^\/payments$/, 'list', listPayments],
  [
    ...(['GET', /^\/payments\/([\w-]+)$/, 'retrieve'] as const),
    (shop, { id }) => json(200, shop.paymentToApi(shop.payment(id))),
  ],
  [
    ...(['POST', /^\/payments\/([\w-]+)\/capture$/, 'capture'] as const),
    (shop, question) => capturePayment(shop, question.id, question),
  ],
  [
    ...(['POST', /^\/payments\/([\w-]+)\/cancel$/, 'cancel'] as const),
    (shop, { id }) => cancelPayment(shop, id),
  ],
  ['POST', /^\/refunds$/, 'refund', createRefund],
  ['GET', /^\/refunds$/, 'list', listRefunds],
  ['GET', /^\/refunds\/([\w-]+)$/, 'retrieve', showRefund],
  ['GET', /^\/receipts$/, 'list', listReceipts],
];

function listPayments(shop: Shop, { query }: Question): Reply {
  const toApi = shop.paymentToApi.bind(shop);
  return list(shop.payments, query, { names: ['payment_method'], toApi });
}

function listRefunds(shop: Shop, { query }: Question): Reply {
  const payment = query.get('payment_id');
  const where = ({ paymentId }: { readonly paymentId: string }) =>
    payment === null || paymentId === payment;
  const toApi = shop.refundToApi.bind(shop);
  return list(shop.refunds, query, { names: ['payment_id'], where, toApi });
}

/** Of one payment, of one refund, or all of them. */
function listReceipts(shop: Shop, { query }: Question): Reply {
  const [payment = null, refund = null] = ['payment_id', 'refund_id'].map((name) =>
    query.get(name),
  );
  if (payment !== null && refund !== null)
    throw invalid('A payment or a refund, not both', 'refund_id');
  const where = ({ paymentId, refundId, type }: Receipt) =>
    refund === null
      ? payment === null || (type === 'payment' && paymentId === payment)
      : refundId === refund;
  const toApi = shop.receiptToApi.bind(shop);
  return list(shop.receipts, query, { names: ['payment_id', 'refund_id'], where, toApi });
}

function showRefund(shop: Shop, { id }: Question): Reply {
  const refund = shop.refunds.get(id);
  if (!refund) throw notFound('refund');
  return json(200, shop.refundToApi(refund));
}

/** Understands calls of `/v3/…`: who asks, what for, and whether it was asked before. */
export function readYooKassaCall(shop: Shop): (call: GatewayCall) => ApiCall | undefined {
  const answers = new KeptAnswers(shop.gateway.store, shop.gateway.clock, keptMs);
  return (call) => {
    if (!call.path.startsWith('/v3/')) return undefined;
    admit(shop, call);
    const path = call.path.slice('/v3'.length);
    const found = operations.find(([method, known]) => method === call.method && known.test(path));
    if (!found) throw notFound('method');
    const [method, pattern, name, act] = found;
    const id = pattern.exec(path)?.[1] ?? '';
    const body = call.body.toString('utf8');
    const origin = `http://${call.headers.host ?? 'localhost'}`;
    const question = { id, origin, fields: fieldsOf(body), query: call.query };
    const key = method === 'POST' ? keyOf(call) : undefined;
    const request = `${path} ${body}`;
    const perform = () => once(answers, { key, request }, () => act(shop, question));
    return {
      ...{ operation: name, ...subjectOf(shop, question) },
      movesMoney: method === 'POST',
      ...{ key, busy: processing, unavailable: outOfService, throttled: tooMany, perform },
      // What was done before the 500 is what the same key gets.
      fail: (isDone) => {
        if (isDone) perform();
        return internalError();
      },
    };
  };
}

function admit({ gateway }: Shop, { headers }: GatewayCall): void {
  const { secretKey, shopId } = gateway.settings;
  const wanted = `Basic ${Buffer.from(`${shopId}:${secretKey}`).toString('base64')}`;
  if (headers.authorization !== wanted) throw unauthorized();
}

function fieldsOf(body: string): Fields {
  if (body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    if (isFields(value)) return value;
  } catch {
    // Said below.
  }
  throw invalid('The body must be a JSON object', 'body');
}

function keyOf({ headers }: GatewayCall): string {
  const key = headers['idempotence-key'];
  if (typeof key === 'string' && key !== '' && key.length <= keyMax) return key;
  throw invalid(`Idempotence-Key has 1 to ${keyMax} characters`, 'Idempotence-Key');
}

function once(
  answers: KeptAnswers,
  { key, request }: { readonly key: string | undefined; readonly request: string },
  work: () => Reply,
): Reply {
  if (key === undefined) return work();
  const kept = answers.look(key, request);
  if (kept.kept === 'other') throw invalid('Idempotence key duplicated', 'Idempotence-Key');
  if (kept.kept === 'answer') return kept.reply;
  const reply = work();
  answers.keep(key, request, reply);
  return reply;
}

/** What faults are narrowed by. */
function subjectOf(shop: Shop, { fields, id }: Question) {
  const { amount, payment_id: paymentId, payment_method_id: methodId } = fields;
  const payment = shop.payments.get(id) ?? shop.payments.get(String(paymentId));
  const text = isFields(amount) && typeof amount.value === 'string' ? amount.value : undefined;
  const method = typeof methodId === 'string' ? methodId : payment?.methodId;
  return {
    amountMinor: text === undefined ? payment?.amount.minor : Math.round(Number(text) * 100),
    methods: method === undefined ? ['bank_card'] : [method, 'bank_card'],
  };
}
