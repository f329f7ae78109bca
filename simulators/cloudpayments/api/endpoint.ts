import type { Answer, Caller } from '#simulators/cloudpayments/acquirer';
import type { RequestFields } from './fields.ts';

export interface ApiRequest {
  readonly caller: Caller;
  readonly fields: RequestFields;
  /** Where this simulator is reached by the browser. */
  readonly origin: string;
  /** What stands for `{Type}` in the path. */
  readonly group: string;
}

/** Throws a `Refusal` where the request is wrong. */
export type Endpoint = (request: ApiRequest) => Answer | Promise<Answer>;

/** By path, without the first slash; a group of the pattern is `{Type}`. */
export type Endpoints = readonly (readonly [path: RegExp, endpoint: Endpoint])[];

export function accept(model?: unknown): Answer {
  return model === undefined
    ? { success: true, message: null }
    : { success: true, message: null, model };
}
