import { json, type Reply } from '#simulators/kit';
import { invalid } from './errors.ts';
import type { Stripe } from './stripe.ts';

type Members = Readonly<Record<string, unknown>>;
const pathsMax = 20;
const depthMax = 5;

/** Ids that are asked for by `expand` become the objects that they name. */
export function expand(stripe: Stripe, reply: Reply, paths: readonly string[]): Reply {
  if (paths.length === 0 || reply.status !== 200) return reply;
  if (paths.length > pathsMax) throw invalid('You cannot expand so many properties', 'expand');
  let value = JSON.parse(reply.body) as unknown;
  for (const path of paths) {
    const parts = path.split('.');
    if (parts.length > depthMax) throw invalid(`This expansion is too deep: ${path}`, 'expand');
    value = expandAt(stripe, value, parts);
  }
  return json(200, value, reply.headers);
}

function expandAt(stripe: Stripe, value: unknown, parts: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((one) => expandAt(stripe, one, parts));
  const object = typeof value === 'string' ? objectOf(stripe, value) : value;
  const [part, ...rest] = parts;
  if (part === undefined || typeof object !== 'object' || object === null) return object;
  const members = object as Members;
  if (members[part] === undefined || members[part] === null) return object;
  return { ...members, [part]: expandAt(stripe, members[part], rest) };
}

/** What is no object's id stays as it is. */
function objectOf(stripe: Stripe, id: string): unknown {
  const tables = {
    ...{ pi: stripe.intents, ch: stripe.charges, pm: stripe.methods, cus: stripe.customers },
    ...{ re: stripe.refunds, txn: stripe.balances, seti: stripe.setups, du: stripe.disputes },
  };
  const prefix = id.slice(0, id.indexOf('_'));
  return tables[prefix as keyof typeof tables]?.get(id) ?? id;
}
