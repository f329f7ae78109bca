import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#errors';
import { type HttpApp, sendPage } from '#http';
import { deviceOf, dropSession, keepSession, sessionCookie, visitOf } from './cookies.ts';
import { fail } from './errors.ts';
import { type ClientRoute, clientForm, type Room } from './room.ts';
import type { SignedIn } from './sign-in.ts';
import { renderLinkPage, renderNumberPage, renderPinPage } from './sign-in-pages.ts';

const PAGE = { config: { page: true } } as const;
const HOME = '/me';
/** Only pages of this room: nobody is led away from here by a link that looks like ours. */
const OWN_PATH = /^\/me(\/[A-Za-z0-9/_-]*)?$/;

const PIN_FAULTS: Readonly<Record<Extract<SignedIn, { outcome: 'pin_refused' }>['why'], string>> = {
  wrong: 'This is not the PIN we sent. Look at the SMS again.',
  locked: 'There were too many wrong tries. Ask for another PIN.',
  expired: 'This PIN is too old. Ask for another one.',
  none: 'This is not the PIN we sent. Look at the SMS again.',
};

/** The ways in, and the way out. */
export function registerSignIn(app: HttpApp, room: Room): void {
  const { secure, sessions, signIn } = room;

  app.get<ClientRoute>('/me/in', PAGE, async (request, reply) => {
    const to = ownPath(request.query.to);
    if (await sessions.read(sessionCookie(request))) return reply.redirect(to, 303);
    return sendNumberPage(room, { request, reply, to });
  });

  app.post<ClientRoute>('/me/in', PAGE, async (request, reply) => {
    const to = ownPath(request.body?.to);
    return orAgain(room, { request, reply, to }, async () => {
      const form = { token: field(request, 'token'), number: field(request, 'number') };
      const asked = await signIn.askPin(form, deviceOf(request));
      if (asked.outcome === 'asked') return sendPage(reply, renderPinPage({ ...asked, to }));
      const { message: fault, typed } = asked;
      return sendPage(reply, renderNumberPage({ token: form.token, to, typed, fault }), 422);
    });
  });

  app.post<ClientRoute>('/me/pin', PAGE, async (request, reply) => {
    const to = ownPath(request.body?.to);
    return orAgain(room, { request, reply, to }, async () => {
      const form = { token: field(request, 'token'), pin: field(request, 'pin') };
      const result = await signIn.enterPin(form, deviceOf(request));
      if (result.outcome === 'signed_in') {
        keepSession(reply, result.cookie, secure);
        return reply.redirect(to, 303);
      }
      const { msisdn, token, why } = result;
      return sendPage(reply, renderPinPage({ token, msisdn, to, fault: PIN_FAULTS[why] }), 422);
    });
  });
  // The address of the PIN's form, opened again by hand.
  app.get('/me/pin', PAGE, async (_request, reply) => reply.redirect('/me/in', 303));

  registerLinkPages(app, room);
  clientForm(app, room, {
    url: '/me/out',
    async handler(call) {
      call.form('out', '');
      await sessions.end(call.session);
      dropSession(call.reply, secure);
      return call.redirect('/me/in');
    },
  });
}

function registerLinkPages(app: HttpApp, { secure, signIn }: Room): void {
  app.get<ClientRoute>('/me/link/:link', PAGE, async (request, reply) => {
    const link = request.params.link ?? '';
    const msisdn = await signIn.lookAtLink(link);
    const token = signIn.beginToken({ visit: visitOf(request, reply, secure) });
    return sendPage(reply, renderLinkPage({ link, token, msisdn }));
  });
  app.post<ClientRoute>('/me/link/:link', PAGE, async (request, reply) => {
    const form = { token: field(request, 'token') };
    const cookie = await signIn.useLink(request.params.link ?? '', form, deviceOf(request));
    keepSession(reply, cookie, secure);
    return reply.redirect(HOME, 303);
  });
}

interface Asked {
  readonly request: FastifyRequest<ClientRoute>;
  readonly reply: FastifyReply;
  readonly to: string;
}

function sendNumberPage(
  { secure, signIn }: Room,
  { reply, request, to }: Asked,
  fault?: string,
): FastifyReply {
  const token = signIn.beginToken({ visit: visitOf(request, reply, secure) });
  const page = renderNumberPage({ token, to, ...(fault === undefined ? {} : { fault }) });
  return sendPage(reply, page, fault === undefined ? 200 : 403);
}

const UNUSABLE = new Set(['token_invalid', 'token_expired', 'form_of_another_page']);

/** A form that is too old, or another browser's, begins again. */
async function orAgain(
  room: Room,
  asked: Asked,
  answer: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof AppError) || !UNUSABLE.has(error.code)) throw error;
    return sendNumberPage(room, asked, 'This form was too old. Enter your number again.');
  }
}

function ownPath(path: string | undefined): string {
  const [plain = ''] = (path ?? '').split('?');
  return OWN_PATH.test(plain) && !plain.startsWith('/me/in') ? plain : HOME;
}

const FIELD_LENGTH_MAX = 4096;

function field(request: FastifyRequest<ClientRoute>, name: 'number' | 'pin' | 'token'): string {
  const value = request.body?.[name];
  if (typeof value === 'string' && value.length <= FIELD_LENGTH_MAX) return value;
  throw fail('form_incomplete', `The form came without ${name}. Open the page again.`, {
    faults: [{ field: name, message: 'is required' }],
  });
}
