import { json, type Reply, type Table } from '#simulators/kit';
import { invalid } from './errors.ts';
import { integerOf, nodeOf, type Params, textOf } from './form.ts';
import type { PaymentIntent } from './objects.ts';

interface Listed {
  readonly id: string;
  readonly created: number;
}

const limitMax = 100;
const limitUsual = 10;

function limitOf(params: Params): number {
  const limit = integerOf(params, 'limit') ?? limitUsual;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw invalid(`This value must be from 1 to ${limitMax}.`, 'limit', 'parameter_invalid_integer');
}

/** The youngest first; narrowed by `created`, by equal members, and to what stands behind or before an object. */
export function list<Value extends Listed>(
  table: Table<Value>,
  asked: {
    readonly params: Params;
    readonly url: string;
    /** Members of the object that may be asked for by their value. */
    readonly members: readonly (string & keyof Value)[];
    readonly where?: (value: Value) => boolean;
  },
): Reply {
  const { members, params, url, where = () => true } = asked;
  const isCreatedThen = createdFilter(params);
  const wanted = members.map((member) => [member, textOf(params, member)] as const);
  const all = table
    .all()
    .reverse()
    .filter(
      (value) =>
        isCreatedThen(value.created) &&
        where(value) &&
        wanted.every(([member, text]) => text === undefined || value[member] === text),
    );
  const limit = limitOf(params);
  const [after, before] = [textOf(params, 'starting_after'), textOf(params, 'ending_before')];
  const indexOf = (id: string, param: string) => {
    const index = all.findIndex((value) => value.id === id);
    if (index < 0) throw invalid(`No such object: '${id}'`, param, 'resource_missing');
    return index;
  };
  if (before !== undefined) {
    const end = indexOf(before, 'ending_before');
    const data = all.slice(Math.max(0, end - limit), end);
    return json(200, { object: 'list', data, has_more: end > limit, url });
  }
  const start = after === undefined ? 0 : indexOf(after, 'starting_after') + 1;
  const data = all.slice(start, start + limit);
  return json(200, { object: 'list', data, has_more: all.length > start + limit, url });
}

function createdFilter(params: Params): (created: number) => boolean {
  const exact = typeof params.created === 'string' ? integerOf(params, 'created') : undefined;
  if (exact !== undefined) return (created) => created === exact;
  const span = nodeOf(params, 'created');
  const bounds = (['gt', 'gte', 'lt', 'lte'] as const).map((name) => integerOf(span, name));
  const [gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity] = bounds;
  return (created) => created > gt && created >= gte && created < lt && created <= lte;
}

const clausePattern =
  /^\s*(?:metadata\[(?:"([^"]+)"|'([^']+)')\]|(\w+))\s*(:|>=|<=|>|<)\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+))\s*(?:AND\s+|$)/;

/** `metadata['payment']:'pay_1' AND status:'succeeded'`: as far as `AND`, equality and comparison go. */
export function search(
  table: Table<PaymentIntent>,
  params: Params,
  {
    isVisible,
    url,
  }: { readonly isVisible: (intent: PaymentIntent) => boolean; readonly url: string },
): Reply {
  const query = textOf(params, 'query');
  if (query === undefined) throw invalid('Missing required param: query.', 'query');
  const clauses = clausesOf(query);
  const all = table
    .all()
    .reverse()
    .filter((intent) => isVisible(intent) && clauses.every((isMet) => isMet(intent)));
  const start = Number(textOf(params, 'page') ?? 0);
  const limit = limitOf(params);
  const next = start + limit;
  const hasMore = all.length > next;
  return json(200, {
    ...{ object: 'search_result', data: all.slice(start, next), has_more: hasMore, url },
    next_page: hasMore ? String(next) : null,
  });
}

function clausesOf(query: string): readonly ((intent: PaymentIntent) => boolean)[] {
  const clauses: ((intent: PaymentIntent) => boolean)[] = [];
  for (let rest = query.trim(); rest !== ''; ) {
    const match = clausePattern.exec(rest);
    if (!match) throw invalid(`This query cannot be read: ${rest}`, 'query');
    const key = match[1] ?? match[2];
    const [member = '', operator] = [match[3], match[4]];
    const text = match[5] ?? match[6] ?? match[7] ?? '';
    rest = rest.slice(match[0].length);
    clauses.push((intent) => {
      const members = intent as unknown as Readonly<Record<string, unknown>>;
      const value = key === undefined ? members[member] : intent.metadata[key];
      if (operator === ':') return String(value ?? '') === text;
      const [left, right] = [Number(value), Number(text)];
      if (operator === '>') return left > right;
      if (operator === '<') return left < right;
      return operator === '>=' ? left >= right : left <= right;
    });
  }
  return clauses;
}
