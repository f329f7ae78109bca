import { Problem, readMsisdn } from './fields.ts';

/** The path's group is the handler's parameter. */
export type Route<Handler> = readonly [method: string, path: RegExp, handler: Handler];

/** Throws the `Problem` 404, or 405 where the path is known by other methods. `HEAD` is read as `GET`. */
export function findRoute<Handler>(
  routes: readonly Route<Handler>[],
  method: string | undefined,
  path: string,
): { readonly handler: Handler; readonly group: string } {
  const wanted = method === 'HEAD' ? 'GET' : method;
  let isKnown = false;
  for (const [known, pattern, handler] of routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    isKnown = true;
    if (known === wanted) return { handler, group: match[1] ?? '' };
  }
  throw isKnown ? new Problem(405, 'Method not allowed') : new Problem(404, 'Not found');
}

/** A phone number that is part of a path. */
export function readPathMsisdn(group: string): string {
  return readMsisdn(decode(group), 'msisdn');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
