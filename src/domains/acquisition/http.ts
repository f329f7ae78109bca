import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError, ERROR_KINDS } from '#errors';
import { type HttpApp, isFromTrustedProxy, sendPage } from '#http';
import type { LocaleChoice } from '#subscriptions/speech';
import type { Answer } from './answer.ts';
import type { Acquisition } from './create-acquisition.ts';
import { fail } from './errors.ts';
import { renderOldFormPage, renderStopPage, renderStoppedPage } from './notice-page.ts';
import { renderAnswer } from './render-answer.ts';
import type { Visitor } from './visitor.ts';

const PAGE = { config: { page: true } } as const;
/** A look that only wants the headers is no hit, so there is no HEAD. */
const LANDING = { ...PAGE, exposeHeadRoute: false } as const;

const STATUS: Readonly<Record<Answer['kind'], number>> = {
  landing: 200,
  number_refused: 422,
  offer_changed: 409,
  pin_sent: 200,
  pin_cooling: 429,
  pin_too_many: 429,
  pin_wrong: 422,
  pin_locked: 422,
  pin_expired: 422,
  pin_none: 422,
  done: 200,
  closed: 410,
};

interface OfLink {
  readonly Params: { readonly link: string };
  readonly Body: Readonly<Record<string, string>> | undefined;
}

interface OfToken {
  readonly Params: { readonly token: string };
}

/** The pages of the process `dispatcher`: landing, PIN, consent, and the way out. */
export function registerAcquisitionRoutes(
  app: HttpApp,
  acquisition: Acquisition,
  { locales }: { readonly locales: LocaleChoice },
): void {
  const visitorOf = visitors(locales);
  const answerForm = answers(locales);
  app.get<OfLink>('/lp/:link', LANDING, async (request, reply) =>
    sendAnswer(
      reply,
      await acquisition.openLanding(request.params.link, visitorOf(request)),
      request.url,
    ),
  );
  app.post<OfLink>('/lp/:link/number', PAGE, (request, reply) =>
    answerForm(request, reply, () => acquisition.sendPin(numberForm(request, 'landing'))),
  );
  app.post<OfLink>('/lp/:link/pin-again', PAGE, (request, reply) =>
    answerForm(request, reply, () => acquisition.sendPin(numberForm(request, 'pin'))),
  );
  app.post<OfLink>('/lp/:link/pin', PAGE, (request, reply) =>
    answerForm(request, reply, () => {
      const form = { ...postedForm(request), pin: field(request, 'pin') };
      return acquisition.confirmPin(form, visitorOf(request));
    }),
  );
  app.post<OfLink>('/lp/:link/confirm', PAGE, (request, reply) =>
    answerForm(request, reply, () =>
      acquisition.confirmKnownNumber(postedForm(request), visitorOf(request)),
    ),
  );
  // The address of a form, opened again by hand, is the landing page's.
  for (const step of ['number', 'pin', 'pin-again', 'confirm']) {
    app.get<OfLink>(`/lp/:link/${step}`, LANDING, async ({ params }, reply) =>
      reply.redirect(landingPath(params.link), 303),
    );
  }
  registerStopRoutes(app, acquisition, locales);
}

function registerStopRoutes(app: HttpApp, acquisition: Acquisition, locales: LocaleChoice): void {
  const visitorOf = visitors(locales);
  app.get<OfToken>('/stop/:token', PAGE, async (request, reply) => {
    const { token } = request.params;
    const stoppable = await acquisition.readStopLink(token);
    const reader = locales.read(request, stoppable.locale);
    return sendPage(reply, renderStopPage(reader, stoppable, token));
  });
  app.post<OfToken>('/stop/:token', PAGE, async (request, reply) => {
    const stopped = await acquisition.stopByLink(request.params.token, visitorOf(request));
    return sendPage(reply, renderStoppedPage(locales.read(request, stopped.locale), stopped));
  });
}

function sendAnswer(reply: FastifyReply, answer: Answer, here: string): FastifyReply {
  if (answer.kind === 'pin_cooling') reply.header('retry-after', answer.seconds);
  return sendPage(reply, renderAnswer(answer, here), STATUS[answer.kind]);
}

/** A form that is too old or not ours leads back to where the visit can begin anew. */
function answers(locales: LocaleChoice) {
  return async (
    request: FastifyRequest<OfLink>,
    reply: FastifyReply,
    answer: () => Promise<Answer>,
  ): Promise<FastifyReply> => {
    const path = landingPath(request.params.link);
    try {
      return sendAnswer(reply, await answer(), path);
    } catch (error) {
      if (!(error instanceof AppError) || !UNUSABLE_FORM.has(error.code)) throw error;
      const page = renderOldFormPage(locales.read(request), path);
      return sendPage(reply, page, ERROR_KINDS[error.kind].status);
    }
  };
}

const UNUSABLE_FORM = new Set(['token_invalid', 'token_expired', 'form_of_another_page']);

function landingPath(link: string): string {
  return `/lp/${encodeURIComponent(link)}`;
}

function numberForm(request: FastifyRequest<OfLink>, step: 'landing' | 'pin') {
  const msisdn = field(request, 'msisdn');
  return { ...postedForm(request), msisdn, address: request.ip, step };
}

function postedForm(request: FastifyRequest<OfLink>) {
  return { link: request.params.link, token: field(request, 'token') };
}

const FIELD_LENGTH_MAX = 4096;

function field(request: FastifyRequest<OfLink>, name: 'token' | 'msisdn' | 'pin'): string {
  const value = request.body?.[name];
  if (typeof value !== 'string' || value.length > FIELD_LENGTH_MAX) {
    throw fail('form_incomplete', `The form came without ${name}. Open the page again.`, {
      faults: [{ field: name, message: 'is required' }],
    });
  }
  return value;
}

function visitors(locales: LocaleChoice) {
  return (request: FastifyRequest): Visitor => ({
    address: request.ip,
    throughTrustedProxy: isFromTrustedProxy(request),
    headers: request.headers,
    query: request.query as Readonly<Record<string, unknown>>,
    path: request.url.split('?', 1)[0] ?? '',
    localeOf: (own) => locales.read(request, undefined, own).speech.locale,
  });
}
