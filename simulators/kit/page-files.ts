import { readFileSync } from 'node:fs';
import { Problem } from './fields.ts';
import type { Reply } from './reply.ts';

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;
const headers = { 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' };

/**
 * `{name}.css` and `{name}.js` beside the module whose address is given. They are files, so that pages need no
 * exception for anything inline in their policy.
 */
export function readPageFiles(name: string, moduleUrl: string): (file: string) => Reply {
  const replies = new Map(
    (['css', 'js'] as const).map((ending) => {
      const file = `${name}.${ending}`;
      const body = readFileSync(new URL(file, moduleUrl), 'utf8');
      return [file, { status: 200, type: types[ending], body, headers }];
    }),
  );
  return (file) => {
    const reply = replies.get(file);
    if (reply === undefined) throw new Problem(404, 'Not found');
    return reply;
  };
}
