import type { HttpApp } from '#http';
import { Type } from '#http';
import type { Accounts } from '#sms/accounts';
import type { Sms } from '#sms/create-sms';
import { fail } from '#sms/errors';

export interface CallbackRoutesOptions {
  readonly sms: Sms;
  readonly accounts: Accounts;
  /** What the outside calls us: some providers sign the address they were given. */
  readonly publicUrl: string;
}

const BODY_BYTES_MAX = 256 * 1024;
const Params = Type.Object({ provider: Type.String({ maxLength: 40 }) });

/** Where a provider sends what it has to tell. */
export function callbackUrlOf(publicUrl: string, provider: string): string {
  return `${publicUrl}/v1/sms/providers/${provider}/callback`;
}

/**
 * `/v1/sms/providers/{provider}/callback`: statuses and incoming messages. Each provider proves itself in its own way and is
 * answered as it demands, after all it said is stored.
 */
export function registerCallbackRoutes(app: HttpApp, options: CallbackRoutesOptions): void {
  const { accounts, publicUrl, sms } = options;
  app.register(async (scope) => {
    // As it came, byte by byte: signatures are over that.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    scope.route<{ Params: { provider: string } }>({
      method: ['GET', 'POST'],
      url: '/v1/sms/providers/:provider/callback',
      schema: {
        ...{ tags: ['sms'], summary: 'Hear what a provider has to tell', params: Params },
        description:
          'For providers. A call that is not proven to be theirs is refused and changes nothing.',
      },
      handler: async (request, reply) => {
        const { provider: name } = request.params;
        const provider = accounts.talk(name);
        if (!provider?.readCallback)
          throw fail(
            'callback_refused',
            `No provider called ${name} tells anything at this address.`,
          );
        const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
        const {
          incoming,
          reply: answer,
          reports,
        } = provider.readCallback({
          method: request.method,
          url: `${callbackUrlOf(publicUrl, name)}${query}`,
          headers: flat(request.headers),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        });
        await sms.hear(name, { reports, incoming });
        return reply
          .code(answer.status)
          .type(answer.contentType ?? 'text/plain; charset=utf-8')
          .send(answer.body);
      },
    });
  });
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}
