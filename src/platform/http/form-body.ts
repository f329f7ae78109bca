import { parse } from 'node:querystring';
import type { FastifyInstance } from 'fastify';
import { AppError } from '#errors';
import { FORM_BYTES_MAX, FORM_FIELDS_MAX } from './limits.ts';

/**
 * Takes the bodies of HTML forms, on routes marked `config: { page: true }` only: the API speaks JSON.
 * Values are text, and of a repeated field the last one counts, so that a hidden default can stand before a
 * checkbox and no handler ever meets a list.
 */
export function acceptForms(app: FastifyInstance): void {
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
    (request, body, done) => {
      if (request.routeOptions.config.page === true) done(null, readForm(body));
      else done(unsupported());
    },
  );
}

/** The error that Fastify itself gives to a content type that nothing reads. */
function unsupported(): Error {
  const known = { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 };
  return Object.assign(new Error('a form was sent to a route that takes none'), known);
}

export function readForm(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  // One more than allowed, to tell a form that is full from one that is too long.
  const read = parse(text, '&', '=', { maxKeys: FORM_FIELDS_MAX + 1 });
  let count = 0;
  for (const name in read) {
    count += 1;
    const value = read[name];
    if (name !== '__proto__')
      fields[name] = typeof value === 'string' ? value : (value?.at(-1) ?? '');
  }
  if (count > FORM_FIELDS_MAX) {
    throw new AppError(
      'invalid',
      'body_malformed',
      `A form has at most ${FORM_FIELDS_MAX} fields.`,
    );
  }
  return fields;
}
