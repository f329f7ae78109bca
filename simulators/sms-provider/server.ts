import { createServer, type Server } from 'node:http';
import {
  closeAfterTooLong,
  isForm,
  json,
  keepAliveTimeoutMs,
  Problem,
  parseFields,
  problemPage,
  problemReply,
  type Reply,
  readBody,
  refuseForeignForm,
  wantsPage,
  writeReply,
} from '#simulators/kit';
import type { SmsCentre } from '#simulators/sms-provider/centre';
import { answerContract, type Call } from '#simulators/sms-provider/contracts';
import { visit } from './routes.ts';
import type { SmppControl } from './smpp-control.ts';

/** 5,000 numbers in one call of sms.ru, and a long text. */
const bodyLimitBytes = 512 * 1024;

export function createSmsProviderServer(centre: SmsCentre, smpp: SmppControl): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (request, response) => {
    readBody(request, bodyLimitBytes, (body) => {
      const target = request.url ?? '/';
      const at = target.indexOf('?');
      const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
      const { headers, method = 'GET' } = request;
      answer(
        { centre, response, headers, method, path, query, body: body ?? Buffer.alloc(0) },
        { isTooLong: body === undefined, smpp },
      );
    });
  });
}

interface Around {
  readonly isTooLong: boolean;
  readonly smpp: SmppControl;
}

function answer(call: Call, around: Around): void {
  void handle(call, around).catch((error: unknown) =>
    writeReply(call.response, toReply(call, error)),
  );
}

async function handle(call: Call, { isTooLong, smpp }: Around): Promise<void> {
  if (isTooLong) throw new Problem(413, `A body has at most ${bodyLimitBytes} bytes`);
  if (answerContract(call)) return;
  refuseForeignForm(call.method, call.headers);
  const contentType = call.headers['content-type'];
  const reply = await visit({
    ...{
      smpp,
      centre: call.centre,
      method: call.method,
      path: call.path,
    },
    query: new URLSearchParams(call.query),
    fields: parseFields(contentType, call.body.toString('utf8')),
    isForm: isForm(contentType) && wantsPage(call.headers),
  });
  call.centre.ledger.whenWritten((failure) => {
    writeReply(call.response, failure ? json(500, { error: failure.message }) : reply);
  });
}

function toReply(call: Call, error: unknown): Reply {
  if (!(error instanceof Problem)) {
    call.centre.log('a request failed', { path: call.path, reason: String(error) });
    return json(500, { error: 'Internal error' });
  }
  return closeAfterTooLong(
    wantsPage(call.headers)
      ? problemPage(error, { chooser: '/', title: 'It did not work · SMS providers' })
      : problemReply(error),
  );
}
