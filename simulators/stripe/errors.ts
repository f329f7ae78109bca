import { json, Refusal, type Reply } from '#simulators/kit';

export interface ApiError {
  readonly type: 'invalid_request_error' | 'card_error' | 'api_error' | 'idempotency_error';
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly [more: string]: unknown;
}

export function errorReply(
  status: number,
  error: ApiError,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return json(status, { error }, headers);
}

/** Thrown: whatever was changed is taken back. */
export function invalid(message: string, param?: string, code?: string): Refusal {
  return new Refusal(
    errorReply(400, {
      ...{ type: 'invalid_request_error', message },
      ...(param === undefined ? {} : { param }),
      ...(code === undefined ? {} : { code }),
    }),
  );
}

export function missing(what: string, id: string, param = 'id'): Refusal {
  const message = `No such ${what}: '${id}'`;
  return new Refusal(
    errorReply(404, { type: 'invalid_request_error', code: 'resource_missing', message, param }),
  );
}

export const unauthorized = (message: string) =>
  new Refusal(errorReply(401, { type: 'invalid_request_error', message }));

const noRetry = { 'stripe-should-retry': 'false' };

export const internalError = () =>
  errorReply(500, { type: 'api_error', message: 'An unknown error occurred' }, noRetry);

export const outOfService = () =>
  errorReply(503, { type: 'api_error', message: 'Stripe is out of service' });

export const tooMany = () =>
  errorReply(429, {
    ...{ type: 'invalid_request_error', code: 'rate_limit' },
    message: 'Request rate limit exceeded.',
  });

export const keyInUse = () =>
  errorReply(409, {
    ...{ type: 'idempotency_error', code: 'idempotency_key_in_use' },
    message: 'There is currently another in-progress request using this Idempotent Key.',
  });

export const keyOfOthers = (key: string) =>
  errorReply(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try another key than '${key}'.`,
  });
