import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpApp, sendPage } from '#http';
import type { Content } from './create-content.ts';
import { isSecret, newSecret } from './link-secret.ts';
import type { Opened } from './open-delivery.ts';
import { type PageFrame, renderOpened } from './page.ts';

const PAGE = { config: { page: true } } as const;

const STATUS: Readonly<Record<Opened['outcome'], number>> = {
  ready: 200,
  opened: 200,
  used: 410,
  expired: 410,
  no_access: 403,
};

interface OfLink {
  readonly Params: { readonly token: string };
}

/** `/c/<token>`: a GET shows what waits there and consumes nothing, a POST opens it. */
export function registerContentRoutes(
  app: HttpApp,
  content: Content,
  options: { readonly frame: PageFrame },
): void {
  const send = (reply: FastifyReply, opened: Opened, token: string) =>
    sendPage(reply, renderOpened(options.frame, opened, token), STATUS[opened.outcome]);

  app.get<OfLink>('/c/:token', PAGE, async (request, reply) => {
    const { token } = request.params;
    const browser = browserOf(request);
    const opened = await content.look({ token, browser });
    // Given before it opens, the secret is there when an impatient person presses twice.
    if (!browser) giveSecret(reply, { token, browser: newSecret(), secure: content.secure });
    return send(reply, opened, token);
  });

  app.post<OfLink>('/c/:token', PAGE, async (request, reply) => {
    const { token } = request.params;
    const known = browserOf(request);
    const browser = known ?? newSecret();
    const opened = await content.open({ token, browser, address: request.ip });
    if (!known) giveSecret(reply, { token, browser, secure: content.secure });
    return send(reply, opened, token);
  });
}

const COOKIE = 'kopek_reader';
const COOKIE_SECONDS = 3600;

/** The secret that this browser was given for this link. */
function browserOf({ headers }: FastifyRequest): string | undefined {
  const given = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(headers.cookie ?? '')?.[1];
  return given !== undefined && isSecret(given) ? given : undefined;
}

function giveSecret(
  reply: FastifyReply,
  given: { readonly token: string; readonly browser: string; readonly secure: boolean },
): void {
  const flags = `HttpOnly; SameSite=Lax${given.secure ? '; Secure' : ''}`;
  reply.header(
    'set-cookie',
    `${COOKIE}=${given.browser}; Path=/c/${given.token}; Max-Age=${COOKIE_SECONDS}; ${flags}`,
  );
}
