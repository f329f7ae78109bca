import type { IncomingMessage } from 'node:http';
import { uuidV7 } from '#ids';

/** Carries the id of a request in and out (the name is CAMARA's, which operators use). */
export const CORRELATOR_HEADER = 'x-correlator';

const CORRELATOR = /^[A-Za-z0-9._:;/-]{1,128}$/;
/** W3C Trace Context: version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const NO_TRACE = '0'.repeat(32);

/** The caller's own id when it sent a well-formed one, else its trace, else a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const correlator = headers[CORRELATOR_HEADER];
  if (typeof correlator === 'string' && CORRELATOR.test(correlator)) return correlator;
  const { traceparent } = headers;
  if (typeof traceparent === 'string') {
    const trace = TRACEPARENT.exec(traceparent)?.[1];
    if (trace !== undefined && trace !== NO_TRACE) return trace;
  }
  return uuidV7();
}
