import { STATUS_CODES } from 'node:http';
import { Type } from 'typebox';
import { isTransient } from '#database';
import { AppError, ERROR_KINDS, type FieldFault } from '#errors';
import { FAULTS_MAX } from './limits.ts';

/** An error as it is shown: RFC 9457 problem details. */
export interface Problem {
  /** `urn:kopek:problem:<code>`: an identity that needs no host to be kept alive. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** The id of the request, as in the header `x-correlator` and in the log. */
  readonly instance: string;
  readonly errors: readonly FieldFault[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export const PROBLEM_TYPE = 'application/problem+json';

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'urn:kopek:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What went wrong, for a person.' }),
    code: Type.String({ description: 'What went wrong, for a program. Stable.' }),
    instance: Type.String({
      description: 'The id of the request, for those who are asked about it.',
    }),
    errors: Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
      description: 'Each field at fault; empty when no field is.',
    }),
    details: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  { $id: 'Problem', title: 'Problem', description: 'RFC 9457 problem details' },
);

/** What Fastify itself refuses, under codes of ours. */
const FRAMEWORK_CODES: Readonly<
  Record<string, { readonly code: string; readonly detail: string }>
> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', detail: 'The body is too large.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'media_type_unsupported',
    detail: 'This route takes no body of this content type. Most take application/json.',
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: {
    code: 'body_malformed',
    detail: 'The body is empty; JSON was expected.',
  },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'body_malformed', detail: 'The body is not JSON.' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'body_malformed',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: { code: 'url_malformed', detail: 'The path is not a well-formed URL.' },
};

interface Facts {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export function makeProblem(facts: Facts, requestId: string): Problem {
  const words = facts.code.replaceAll('_', ' ');
  return {
    type: `urn:kopek:problem:${facts.code}`,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    status: facts.status,
    detail: facts.detail,
    code: facts.code,
    instance: requestId,
    errors: (facts.errors ?? []).slice(0, FAULTS_MAX),
    ...(facts.details && Object.keys(facts.details).length > 0 ? { details: facts.details } : {}),
  };
}

/** Never throws, and never shows what is inside: an error that nobody wrote for showing becomes a plain 500. */
export function problemOf(error: unknown, requestId: string): Problem {
  return makeProblem(factsOf(error), requestId);
}

function factsOf(error: unknown): Facts {
  if (error instanceof AppError && error.kind !== 'internal') return factsOfAppError(error);
  if (isTransient(error)) return UNAVAILABLE;
  const { code, statusCode, message } = (error ?? {}) as Partial<Record<string, unknown>>;
  const known = typeof code === 'string' ? FRAMEWORK_CODES[code] : undefined;
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode >= 500) return INTERNAL;
  if (known) return { status: statusCode, ...known };
  if (error instanceof SyntaxError) return { status: statusCode, ...BODY_MALFORMED };
  return { status: statusCode, code: codeOfStatus(statusCode), detail: String(message) };
}

const UNAVAILABLE: Facts = {
  status: 503,
  code: 'unavailable',
  detail: 'The service can’t answer at the moment. Try again shortly.',
};
const INTERNAL: Facts = {
  status: 500,
  code: 'internal',
  detail: 'Something went wrong on our side. It was logged under the id of this request.',
};
const BODY_MALFORMED = { code: 'body_malformed', detail: 'The body is not JSON.' };

function factsOfAppError(error: AppError): Facts {
  const { status } = ERROR_KINDS[error.kind];
  return {
    status,
    code: error.code,
    detail: error.message,
    errors: error.faults,
    // Details of what is out of order within (logs, addresses) are for the log, not for the outside.
    ...(status < 500 ? { details: error.details } : {}),
  };
}

function codeOfStatus(status: number): string {
  return (STATUS_CODES[status] ?? 'request_refused').toLowerCase().replaceAll(/[^a-z]+/g, '_');
}
