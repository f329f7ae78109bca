import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Problem } from './fields.ts';
import type { Reply } from './reply.ts';

/** Calls back with the whole body; with undefined when it is longer than the limit, and what is left is not kept. */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  done: (body: Buffer | undefined) => void,
): void {
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > limitBytes) {
      request.removeAllListeners('data').removeAllListeners('end').resume();
      return done(undefined);
    }
    // Nearly every body is one chunk: no list, no copy.
    if (first === undefined) first = chunk;
    else if (more === undefined) more = [first, chunk];
    else more.push(chunk);
  });
  request.on('end', () =>
    done(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more)),
  );
}

/** Another site's page must not send messages, move money or change settings through the visitor's browser. */
export function refuseForeignForm(method: string | undefined, headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  if (method === 'GET' || site === undefined) return;
  if (site !== 'same-origin' && site !== 'none') throw new Problem(403, 'A form of another site');
}

/** A browser that a person looks at, not a script. */
export function wantsPage(headers: IncomingHttpHeaders): boolean {
  return headers.accept?.includes('text/html') === true;
}

/** The rest of a body that is too long is not read; the connection can carry nothing more. */
export function closeAfterTooLong(reply: Reply): Reply {
  if (reply.status !== 413) return reply;
  return { ...reply, headers: { ...reply.headers, connection: 'close' } };
}
