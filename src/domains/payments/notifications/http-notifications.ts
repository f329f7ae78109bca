import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpApp, Type } from '#http';
import type { GatewayNotification } from '#payments/card-gateway';
import type { NotificationInbox } from './notification-inbox.ts';

/** Larger than what any gateway sends; a longer one is refused before it is read. */
const BODY_BYTES_MAX = 256 * 1024;
const Params = Type.Object({
  gateway: Type.String({ maxLength: 40 }),
  type: Type.Optional(Type.String({ maxLength: 40 })),
});
/** The notification that has to be answered before the gateway goes on. */
const CHECK = 'check';

interface Route {
  readonly Params: { readonly gateway: string; readonly type?: string };
}

/**
 * `/v1/webhooks/{gateway}/{type}` and `/v1/paid/{gateway}`: what gateways tell. Each proves itself in its own way and is
 * answered as it demands, as soon as what it said is kept.
 */
export function registerNotificationRoutes(
  app: HttpApp,
  { inbox }: { readonly inbox: NotificationInbox },
): void {
  app.register(async (scope) => {
    // As it came, byte by byte: signatures are over that.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    const handler = async (request: FastifyRequest<Route>, reply: FastifyReply) => {
      const { gateway, type = '' } = request.params;
      const notification = toNotification(request, type);
      const answer = await (type === CHECK
        ? inbox.check(gateway, notification)
        : inbox.hear(gateway, notification));
      return reply.code(answer.status).type(answer.contentType).send(answer.body);
    };
    for (const url of ['/v1/webhooks/:gateway', '/v1/webhooks/:gateway/:type', '/v1/paid/:gateway'])
      scope.route<Route>({
        method: ['GET', 'POST'],
        url,
        schema: {
          ...{
            tags: ['payments'],
            summary: 'Hear what a card gateway has to tell',
            params: Params,
          },
          description:
            'For gateways. A call that is not proven to be theirs is refused and changes nothing; what is kept is applied ' +
            'a moment later.',
        },
        handler,
      });
  });
}

function toNotification(request: FastifyRequest<Route>, type: string): GatewayNotification {
  const { body, headers, ip, method, url } = request;
  const at = url.indexOf('?');
  return {
    ...{ method, type: type.toLowerCase(), ip, query: at < 0 ? '' : url.slice(at + 1) },
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    ),
    body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  };
}
