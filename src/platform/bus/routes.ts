import { AppError } from '#errors';
import type { EngineName } from './postgres/store.ts';

/** Topics whose names match `pattern` go to `url`; `*` stands for any letters. */
export interface BusRoute {
  readonly pattern: string;
  readonly url: string;
}

const SCHEMES: Readonly<Record<string, EngineName>> = {
  postgres: 'postgres',
  amqp: 'amqp',
  amqps: 'amqp',
  kafka: 'kafka',
  kafkas: 'kafka',
};

/** The engine that speaks the scheme of `url`. Throws `bus_unknown`. */
export function engineOfUrl(url: string): EngineName {
  const scheme = url.split(':')[0] ?? '';
  const engine = SCHEMES[scheme];
  if (engine) return engine;
  const known = Object.keys(SCHEMES)
    .map((name) => `${name}:`)
    .join(', ');
  throw new AppError(
    'invalid',
    'bus_unknown',
    `There is no engine for ${scheme}: (but for ${known})`,
  );
}

export interface Routing {
  /** The first route that matches, or the default. */
  engineOf(topic: string): EngineName;
  /** Of each engine in use its URL. */
  readonly urls: ReadonlyMap<EngineName, string>;
}

/** Throws `bus_two_brokers` when two brokers of one kind are named: what waits for a kind is one table. */
export function createRouting(url: string, routes: readonly BusRoute[]): Routing {
  const urls = new Map<EngineName, string>();
  for (const one of [url, ...routes.map((route) => route.url)]) {
    const engine = engineOfUrl(one);
    const known = urls.get(engine);
    if (known !== undefined && known !== one && engine !== 'postgres') {
      const why = `Topics can go to one broker of a kind: two different ${engine}: URLs are set.`;
      throw new AppError('invalid', 'bus_two_brokers', why);
    }
    urls.set(engine, one);
  }
  const matchers = routes.map((route) => ({
    matches: toMatcher(route.pattern),
    engine: engineOfUrl(route.url),
  }));
  const fallback = engineOfUrl(url);
  return {
    urls,
    engineOf: (topic) => matchers.find(({ matches }) => matches(topic))?.engine ?? fallback,
  };
}

function toMatcher(pattern: string): (topic: string) => boolean {
  const parts = pattern.split('*').map((part) => RegExp.escape(part));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return (topic) => expression.test(topic);
}
