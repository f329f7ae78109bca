import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from '#http';
import { type Locale, localeOf, readAcceptLanguage } from './locale.ts';
import { type Speech, speechOf } from './speech.ts';

/** Who reads a page: in which language, and where he is. */
export interface Reader {
  readonly speech: Speech;
  /** The path of the page, its query included: to be shown there in another language. */
  readonly here: string;
}

/** In which language somebody is spoken to. */
export interface LocaleChoice {
  /**
   * The language that he has chosen here, else the one that is stored of him, else his browser's, else the site's. The page of
   * an error of the same request is in it too. `own`: of a page that is written in a language of its own, in place of the site's.
   */
  read(request: FastifyRequest, stored?: string | undefined, own?: Locale | undefined): Reader;
  /** The same for a message to somebody, and without a trace of what is stored of him on the page that has asked for it. */
  speechTo(request: FastifyRequest, stored: string | undefined): Speech;
  /** Of whom there is no request. */
  stored(locale: string | undefined): Locale;
}

const COOKIE = /(?:^|;\s*)kopek_locale=([a-z]{2})(?:;|$)/;
const YEAR_SECONDS = 365 * 86_400;

export function createLocaleChoice({ fallback }: { readonly fallback: Locale }): LocaleChoice {
  const storedOf = new WeakMap<FastifyRequest, string>();

  const speechTo = (
    { headers }: FastifyRequest,
    stored: string | undefined,
    own: Locale = fallback,
  ): Speech =>
    speechOf(
      localeOf(COOKIE.exec(headers.cookie ?? '')?.[1]) ??
        localeOf(stored) ??
        readAcceptLanguage(headers['accept-language']) ??
        own,
    );

  return {
    read(request, stored, own) {
      if (stored !== undefined) storedOf.set(request, stored);
      return { speech: speechTo(request, storedOf.get(request), own), here: hereOf(request) };
    },
    speechTo: (request, stored) => speechTo(request, stored),
    stored: (locale) => localeOf(locale) ?? fallback,
  };
}

/** Where the page that a form has led to can be opened again. */
function hereOf({ method, url }: FastifyRequest): string {
  if (method === 'GET') return url;
  const [path = ''] = url.split('?');
  return path
    .replace(/^(\/me\/s\/[^/]+)\/.*/, '$1')
    .replace(/^\/me\/cards\/.*/, '/me/cards')
    .replace(/^\/me\/(pin|out)$/, '/me/in')
    .replace(/^(\/lp\/[^/]+)\/.*/, '$1');
}

/** The address of the same page in another language. */
export function languageHref(locale: Locale, here: string): string {
  return `/language/${locale}?to=${encodeURIComponent(here)}`;
}

interface OfLocale {
  readonly Params: { readonly locale: string };
  readonly Querystring: { readonly to?: string };
}

/** `GET /language/{locale}`: keeps the choice in the browser, and comes back. Nothing else is changed by it. */
export function registerLanguage(
  app: HttpApp,
  { publicUrl }: { readonly publicUrl: string },
): void {
  app.get<OfLocale>('/language/:locale', { config: { page: true } }, (request, reply) => {
    const locale = localeOf(request.params.locale);
    if (locale) keepLocale(reply, locale, publicUrl.startsWith('https:'));
    return reply.redirect(ownPath(request.query.to), 303);
  });
}

function keepLocale(reply: FastifyReply, locale: Locale, secure: boolean): void {
  const flags = `HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  reply.header('set-cookie', `kopek_locale=${locale}; Path=/; Max-Age=${YEAR_SECONDS}; ${flags}`);
}

const CABINETS = /^\/(me|pay|shop|card|language)(\/|$)/;
/** All that speak a customer's language: the landing pages and `/stop` too. */
const OWN_PAGES = /^\/(me|pay|shop|card|language|lp|stop)(\/|$)/;

/** Whether an address is one of the pages around the cabinet, the shop and payments by card. */
export function isCustomerPage(url: string): boolean {
  return CABINETS.test(url.split('?')[0] ?? '');
}

const ELSEWHERE = 'http://elsewhere.invalid';

/** Only to a page of a customer's: nobody is led away from here by a link that looks like ours. */
function ownPath(to: string | undefined): string {
  const url = URL.canParse(to ?? '', ELSEWHERE) ? new URL(to ?? '', ELSEWHERE) : undefined;
  const isOwn = url?.origin === ELSEWHERE && OWN_PAGES.test(url.pathname);
  return isOwn ? url.pathname + url.search : '/me';
}
