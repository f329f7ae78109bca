import { randomUUID } from 'node:crypto';
import { json, Refusal, type Reply } from '#simulators/kit';

type Code =
  | 'invalid_request'
  | 'invalid_credentials'
  | 'not_found'
  | 'too_many_requests'
  | 'internal_server_error'
  | 'service_unavailable';

export function errorReply(
  status: number,
  code: Code,
  { description, parameter }: { readonly description: string; readonly parameter?: string },
): Reply {
  const named = parameter === undefined ? {} : { parameter };
  return json(status, { type: 'error', id: randomUUID(), code, description, ...named });
}

/** Thrown: whatever was changed is taken back. */
export function invalid(description: string, parameter: string): Refusal {
  return new Refusal(errorReply(400, 'invalid_request', { description, parameter }));
}

export function notFound(what: string): Refusal {
  return new Refusal(errorReply(404, 'not_found', { description: `No such ${what}` }));
}

export const unauthorized = () =>
  new Refusal(
    errorReply(401, 'invalid_credentials', {
      ...{ description: 'Error in shopId or secret key', parameter: 'Authorization' },
    }),
  );

/** It may have been done: to be sent again with the same key. */
export const internalError = () =>
  errorReply(500, 'internal_server_error', { description: 'Internal server error' });

export const outOfService = () =>
  errorReply(503, 'service_unavailable', { description: 'Out of service' });

export const tooMany = () =>
  errorReply(429, 'too_many_requests', { description: 'Too many requests' });

const retryAfterMs = 1_800;

/** The same key is under way. */
export const processing = () =>
  json(202, {
    ...{ type: 'processing', description: 'Request accepted, but not processed yet' },
    retry_after: retryAfterMs,
  });
