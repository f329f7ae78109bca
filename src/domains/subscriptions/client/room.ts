import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { type HttpApp, sendPage } from '#http';
import type { IdSource } from '#ids';
import type { CardSubscriptions } from '#subscriptions/cards';
import type { LocaleChoice, Reader } from '#subscriptions/speech';
import { sessionCookie } from './cookies.ts';
import { createFormTokens, type FormOf, type FormTokens } from './form-token.ts';
import { type RoomParts, renderRoom } from './frame.ts';
import { createHoldings, type Holdings, type HoldingsOptions } from './holdings.ts';
import { createSessions, type Session, type Sessions } from './sessions.ts';
import { createSignIn, type SignIn, type SignInOptions } from './sign-in.ts';

/** What a person stops by the button of what an operator charges. */
export interface StopDoor {
  stop(
    tx: Parameters<Parameters<Database['transaction']>[0]>[0],
    input: {
      readonly msisdn: string;
      readonly serviceCode: string;
      readonly channel: 'link';
      readonly evidence: string;
      readonly saidAt: Date;
    },
  ): Promise<{ readonly cancelled: number }>;
}

export interface ClientOptions
  extends Omit<SignInOptions, 'sessions'>,
    Pick<HoldingsOptions, 'payments'> {
  readonly ids: IdSource;
  readonly locales: LocaleChoice;
  readonly subscriptions: HoldingsOptions['subscriptions'] &
    StopDoor & { readonly cards: CardSubscriptions };
}

/** All that stands behind the pages of `client-admin`. */
export interface Room {
  readonly database: Database;
  readonly clock: Clock;
  readonly cards: CardSubscriptions;
  readonly stop: StopDoor['stop'];
  readonly locales: LocaleChoice;
  readonly publicUrl: string;
  /** Cookies go over TLS only, where the site is reached by it. */
  readonly secure: boolean;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly holdings: Holdings;
  readonly forms: FormTokens;
}

export function createRoom(options: ClientOptions): Room {
  const { clock, database, locales, publicUrl, subscriptions } = options;
  const sessions = createSessions(options);
  return {
    ...{ clock, database, locales, publicUrl, sessions },
    secure: publicUrl.startsWith('https:'),
    ...{ cards: subscriptions.cards, stop: subscriptions.stop },
    signIn: createSignIn({ ...options, sessions }),
    holdings: createHoldings({ ...options, cards: subscriptions.cards }),
    forms: createFormTokens(options),
  };
}

/** Parts of an address and fields of a form, as a handler reads them. */
export interface ClientRoute {
  readonly Params: Readonly<Record<string, string>>;
  readonly Querystring: Readonly<Record<string, string | undefined>>;
  readonly Body: Readonly<Record<string, string>> | undefined;
}

/** One request of somebody who is signed in. */
export interface Call {
  readonly session: Session;
  readonly reader: Reader;
  readonly request: FastifyRequest<ClientRoute>;
  readonly reply: FastifyReply;
  param(name: string): string;
  field(name: string): string | undefined;
  /** The token of a form, for this session. */
  token(action: string, subject: string, more?: Partial<FormOf>): string;
  /** What the form that was sent is for; throws where it is another page's or another person's. */
  form(action: string, subject: string): FormOf;
  send(page: Omit<RoomParts, 'outToken' | 'reader' | 'session'>, status?: number): FastifyReply;
  redirect(path: string): FastifyReply;
}

const PAGE = { config: { page: true } } as const;

/** Adds a page that is shown to whoever is signed in; all others are led to sign in and come back to it. */
export function clientPage(
  app: HttpApp,
  room: Room,
  route: { readonly url: string; readonly handler: (call: Call) => Promise<FastifyReply> },
): void {
  app.get<ClientRoute>(route.url, PAGE, async (request, reply) => {
    const session = await room.sessions.read(sessionCookie(request));
    if (!session) return reply.redirect(`/me/in?to=${encodeURIComponent(request.url)}`, 303);
    return route.handler(callOf(room, { session, request, reply }));
  });
}

/** Adds a form of whoever is signed in. One whose session has ended meanwhile changes nothing. */
export function clientForm(
  app: HttpApp,
  room: Room,
  route: { readonly url: string; readonly handler: (call: Call) => Promise<FastifyReply> },
): void {
  app.post<ClientRoute>(route.url, PAGE, async (request, reply) => {
    const session = await room.sessions.read(sessionCookie(request));
    if (!session) return reply.redirect('/me/in', 303);
    return route.handler(callOf(room, { session, request, reply }));
  });
}

function callOf(
  { forms, locales }: Room,
  { reply, request, session }: Pick<Call, 'reply' | 'request' | 'session'>,
): Call {
  const reader = locales.read(request, session.locale);
  return {
    ...{ session, reader, request, reply },
    param: (name) => request.params[name] ?? '',
    field: (name) => request.body?.[name],
    token: (action, subject, more) => forms.write(session, { action, subject, ...more }),
    form: (action, subject) => forms.read(session, request.body?.token, { action, subject }),
    send: (page, status) => {
      const outToken = forms.write(session, { action: 'out', subject: '' });
      return sendPage(reply, renderRoom({ ...page, reader, session, outToken }), status);
    },
    redirect: (path) => reply.redirect(path, 303),
  };
}
