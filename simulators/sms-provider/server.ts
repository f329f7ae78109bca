import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Problem, parseFields } from '#simulators/kit';
import type { SmsCentre } from '#simulators/sms-provider/centre';
import {
  answerContract,
  type Call,
  json,
  type Reply,
  write,
} from '#simulators/sms-provider/contracts';
import { problemPage } from './page.ts';
import { visit } from './routes.ts';

/** 5,000 numbers in one call of sms.ru, and a long text. */
const bodyLimitBytes = 512 * 1024;
/** Longer than a client's own, so that the client is the one who ends an idle connection. */
const keepAliveTimeoutMs = 65_000;

export function createSmsProviderServer(centre: SmsCentre): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, (body) => {
      const target = request.url ?? '/';
      const at = target.indexOf('?');
      const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
      const { headers, method = 'GET' } = request;
      answer(
        { centre, response, headers, method, path, query, body: body ?? Buffer.alloc(0) },
        body === undefined,
      );
    });
  });
}

function answer(call: Call, isTooLong: boolean): void {
  void handle(call, isTooLong).catch((error: unknown) => write(call, toReply(call, error)));
}

async function handle(call: Call, isTooLong: boolean): Promise<void> {
  if (isTooLong) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
  if (answerContract(call)) return;
  refuseForeignForm(call);
  const contentType = call.headers['content-type'];
  const reply = await visit({
    ...{
      centre: call.centre,
      method: call.method === 'HEAD' ? 'GET' : call.method,
      path: call.path,
    },
    query: new URLSearchParams(call.query),
    fields: parseFields(contentType, call.body.toString('utf8')),
    isForm:
      contentType?.startsWith('application/x-www-form-urlencoded') === true && wantsPage(call),
  });
  call.centre.ledger.whenWritten((failure) => {
    write(call, failure ? json(500, { error: failure.message }) : reply);
  });
}

/** Another site's page must not send messages or change settings through the visitor's browser. */
function refuseForeignForm({ headers, method }: Call): void {
  const site = headers['sec-fetch-site'];
  if (method === 'GET' || site === undefined) return;
  if (site !== 'same-origin' && site !== 'none') throw new Problem(403, 'A form of another site');
}

function toReply(call: Call, error: unknown): Reply {
  if (!(error instanceof Problem)) {
    call.centre.log('a request failed', { path: call.path, reason: String(error) });
    return json(500, { error: 'Internal error' });
  }
  const { field, message, status } = error;
  if (wantsPage(call)) return problemPage(status, message);
  // The rest of a body that is too long is not read; the connection can carry nothing more.
  const headers = status === 413 ? { connection: 'close' } : undefined;
  return json(
    status,
    field === undefined ? { error: message } : { error: message, field },
    headers,
  );
}

function wantsPage({ headers }: Call): boolean {
  return headers.accept?.includes('text/html') === true;
}

function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > bodyLimitBytes) {
      request.removeAllListeners('data').removeAllListeners('end').resume();
      return done(undefined);
    }
    chunks.push(chunk);
  });
  request.on('end', () =>
    done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
  );
}
