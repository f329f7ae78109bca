import {
  type ApiCall,
  chance,
  type Fields,
  type GatewayCall,
  type GatewaySimulator,
  json,
  Problem,
  parseFields,
  problemReply,
  type Reply,
  readChoice,
  readNumber,
  readText,
  type Table,
} from '#simulators/kit';
import type { ProcessingSettings } from './index.ts';

interface Transaction {
  /** Empty: it has none, and nobody can ask for it twice. */
  readonly id: string;
  readonly type: 'payment' | 'refund';
  readonly amountMinor: number;
  readonly currency: string;
  readonly user: string;
}

interface Executed extends Transaction {
  readonly result: 'success' | 'error';
}

const success = json(200, 'success!');
const failure = json(404, 'error!');
const other = json(409, { error: 'This id was executed with other words', field: 'id' });
const maxAmountMinor = 1e12;

/** `GET` or `POST /execute_transaction`: with an `id` it is executed once, and a repetition gets the first answer. */
export function readTransaction(
  gateway: GatewaySimulator<ProcessingSettings>,
  seed: number,
): (call: GatewayCall) => ApiCall | undefined {
  const executed: Table<Executed> = gateway.store.table('transaction');
  let nameless = 0;

  function perform(transaction: Transaction): Reply {
    const { amountMinor, currency, id, type, user } = transaction;
    const before = id === '' ? undefined : executed.get(id);
    if (before) return repeat(before, transaction);
    const fault = gateway.faults.ofBusiness(subjectOf(transaction));
    if (id === '') nameless += 1;
    const draw = chance(seed, 'error', id, id === '' ? nameless : 0);
    const isRefused = fault?.name === 'decline' || draw < gateway.settings.errors;
    if (id !== '') executed.put(id, { ...transaction, result: isRefused ? 'error' : 'success' });
    if (isRefused) return failure;
    gateway.book.add({
      ...{ kind: type === 'refund' ? 'credit' : 'debit', operation: id, reference: id },
      ...{ account: user, method: 'processing', amount_minor: amountMinor, currency },
      at: gateway.clock.nowText(),
    });
    return success;
  }

  return (call) => {
    if (call.path !== '/execute_transaction') return undefined;
    if (call.method !== 'GET' && call.method !== 'POST') {
      throw new Problem(405, 'Method not allowed');
    }
    const transaction = toTransaction(call);
    const error = () => problemReply(new Problem(500, 'Internal error'));
    return {
      ...subjectOf(transaction),
      perform: () => perform(transaction),
      fail: (isDone) => {
        if (isDone) perform(transaction);
        return error();
      },
      unavailable: () => json(503, { error: 'Out of service' }, { 'retry-after': '1' }),
      throttled: () => json(503, { error: 'Too many calls' }, { 'retry-after': '1' }),
    };
  };
}

function repeat({ result, ...before }: Executed, now: Transaction): Reply {
  if (JSON.stringify(before) !== JSON.stringify(now)) return other;
  return result === 'success' ? success : failure;
}

function subjectOf({ amountMinor, type, user }: Transaction) {
  return { operation: type, movesMoney: true, amountMinor, methods: [user] };
}

/** Each member is optional: the original knew none. */
function toTransaction({ body, headers, query }: GatewayCall): Transaction {
  const fields: Fields = {
    ...Object.fromEntries(query),
    ...parseFields(headers['content-type'], body.toString('utf8')),
  };
  const text = (field: string, fallback: string) => {
    const value = fields[field];
    const given = typeof value === 'number' ? String(value) : value;
    return given === undefined || given === ''
      ? fallback
      : readText(given, { field, maxLength: 200 });
  };
  const most = { field: 'amount', min: 0, max: maxAmountMinor };
  return {
    id: text('id', ''),
    type: readChoice(fields.type ?? 'payment', ['payment', 'refund'], 'type'),
    amountMinor: fields.amount === undefined ? 0 : readNumber(fields.amount, most),
    currency: text('currency', 'RUB'),
    user: text('user', ''),
  };
}
