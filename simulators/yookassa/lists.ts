import { json, type Reply, type Table } from '#simulators/kit';
import { invalid } from './errors.ts';

interface Listed {
  readonly id: string;
  readonly createdMs: number;
  readonly status: string;
}

const limitMax = 100;
const limitUsual = 10;

/** The youngest first; narrowed by `created_at.gte` and so on, by status, and by what `where` takes. */
export function list<Value extends Listed>(
  table: Table<Value>,
  query: URLSearchParams,
  asked: {
    readonly names: readonly string[];
    readonly where?: (value: Value) => boolean;
    readonly toApi: (value: Value) => unknown;
  },
): Reply {
  const known = [...bounds.map((bound) => `created_at.${bound}`), 'limit', 'cursor', 'status'];
  for (const name of query.keys()) {
    if (![...known, ...asked.names].includes(name)) throw invalid('Unknown parameter', name);
  }
  const limit = Number(query.get('limit') ?? limitUsual);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= limitMax)) {
    throw invalid(`limit is from 1 to ${limitMax}`, 'limit');
  }
  const isThen = timeFilter(query);
  const status = query.get('status');
  const all = table
    .all()
    .reverse()
    .filter(
      (value) =>
        isThen(value.createdMs) &&
        (status === null || value.status === status) &&
        (asked.where?.(value) ?? true),
    );
  const cursor = query.get('cursor');
  const start = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor);
  if (start < 0) throw invalid('Incorrect cursor', 'cursor');
  const next = all[start + limit];
  return json(200, {
    ...{ type: 'list', items: all.slice(start, start + limit).map(asked.toApi) },
    ...(next ? { next_cursor: next.id } : {}),
  });
}

const bounds = ['gte', 'gt', 'lte', 'lt'] as const;

function timeFilter(query: URLSearchParams): (ms: number) => boolean {
  const [gte = -Infinity, gt = -Infinity, lte = Infinity, lt = Infinity] = bounds.map((bound) => {
    const text = query.get(`created_at.${bound}`);
    if (text === null) return undefined;
    const ms = Date.parse(text);
    if (Number.isNaN(ms)) throw invalid('A time is as in 2030-01-31T12:00:00Z', 'created_at');
    return ms;
  });
  return (ms) => ms >= gte && ms > gt && ms <= lte && ms < lt;
}
