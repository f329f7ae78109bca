import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '#errors';
import { type HttpApp, sendPage } from '#http';
import { NUMBER_EXAMPLE, type PlainKey } from '#subscriptions/speech';
import { deviceOf, dropSession, keepSession, sessionCookie, visitOf } from './cookies.ts';
import { fail } from './errors.ts';
import { type ClientRoute, clientForm, type Room } from './room.ts';
import type { SignedIn } from './sign-in.ts';
import { renderLinkPage, renderNumberPage, renderPinPage } from './sign-in-pages.ts';

const PAGE = { config: { page: true } } as const;
const HOME = '/me';
/** Only pages of this room: nobody is led away from here by a link that looks like ours. */
const OWN_PATH = /^\/me(\/[A-Za-z0-9/_-]*)?$/;

type WhyRefused = Extract<SignedIn, { outcome: 'pin_refused' }>['why'];

const PIN_FAULTS: Readonly<Record<WhyRefused, PlainKey>> = {
  ...{ wrong: 'pin.wrong', locked: 'pin.locked', expired: 'pin.expired', none: 'pin.wrong' },
};

/** The ways in, and the way out. */
export function registerSignIn(app: HttpApp, room: Room): void {
  const { locales, secure, sessions, signIn } = room;

  app.get<ClientRoute>('/me/in', PAGE, async (request, reply) => {
    const to = ownPath(request.query.to);
    if (await sessions.read(sessionCookie(request))) return reply.redirect(to, 303);
    return sendNumberPage(room, { request, reply, to });
  });

  app.post<ClientRoute>('/me/in', PAGE, async (request, reply) => {
    const to = ownPath(request.body?.to);
    const reader = locales.read(request);
    return orAgain(room, { request, reply, to }, async () => {
      const form = { token: field(request, 'token'), number: field(request, 'number') };
      const asked = await signIn.askPin(form, { ...deviceOf(request), speaks: speaksTo(request) });
      if (asked.outcome === 'asked')
        return sendPage(reply, renderPinPage(reader, { ...asked, to }));
      const fault = reader.speech.say('sign_in.number_refused', { example: NUMBER_EXAMPLE });
      const { typed } = asked;
      return sendPage(
        reply,
        renderNumberPage(reader, { token: form.token, to, typed, fault }),
        422,
      );
    });
  });

  app.post<ClientRoute>('/me/pin', PAGE, async (request, reply) => {
    const to = ownPath(request.body?.to);
    const reader = locales.read(request);
    return orAgain(room, { request, reply, to }, async () => {
      const form = { token: field(request, 'token'), pin: field(request, 'pin') };
      const result = await signIn.enterPin(form, deviceOf(request));
      if (result.outcome === 'signed_in') {
        keepSession(reply, result.cookie, secure);
        return reply.redirect(to, 303);
      }
      const { msisdn, token, why } = result;
      const page = renderPinPage(reader, { token, msisdn, to, fault: PIN_FAULTS[why] });
      return sendPage(reply, page, 422);
    });
  });
  // The address of the PIN's form, opened again by hand.
  app.get('/me/pin', PAGE, async (_request, reply) => reply.redirect('/me/in', 303));

  /** The page's own choice, but for what is stored of whoever has the number: that is not for this page to show. */
  function speaksTo(request: FastifyRequest<ClientRoute>) {
    return (stored: string | undefined) => locales.speechTo(request, stored);
  }

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

function registerLinkPages(app: HttpApp, { locales, secure, signIn }: Room): void {
  app.get<ClientRoute>('/me/link/:link', PAGE, async (request, reply) => {
    const link = request.params.link ?? '';
    const msisdn = await signIn.lookAtLink(link);
    const token = signIn.beginToken({ visit: visitOf(request, reply, secure) });
    return sendPage(reply, renderLinkPage(locales.read(request), { link, token, msisdn }));
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
  { locales, secure, signIn }: Room,
  { reply, request, to }: Asked,
  fault?: PlainKey,
): FastifyReply {
  const reader = locales.read(request);
  const token = signIn.beginToken({ visit: visitOf(request, reply, secure) });
  const said = fault === undefined ? {} : { fault: reader.speech.say(fault) };
  const page = renderNumberPage(reader, { token, to, ...said });
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
    return sendNumberPage(room, asked, 'sign_in.form_old');
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
