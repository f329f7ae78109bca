import { formatRowId, parseRowId } from '#ids';

/** Where a request stands with us. The names are those of the original. */
export type ProcessingStatus = 'new' | 'in_processing' | 'processed' | 'completed' | 'duplicated';

/** What became of its money; `unknown` until that is answered. */
export type PaymentStatus = 'unknown' | 'accepted' | 'error' | 'decline';

export type RequestStep = 'send' | 'refuse' | 'supersede' | 'settle' | 'tell';

/** From where a step leads where, drawn in `docs/reference/state-machines.md`; a pair that is absent never happens. */
export const requestSteps: Readonly<
  Record<ProcessingStatus, Readonly<Partial<Record<RequestStep, ProcessingStatus>>>>
> = {
  new: { send: 'in_processing', refuse: 'processed', supersede: 'duplicated' },
  in_processing: { settle: 'processed' },
  processed: { tell: 'completed' },
  completed: {},
  duplicated: {},
};

/** Where `step` leads from `status`; undefined for a pair that never happens. */
export function nextProcessingStatus(
  status: ProcessingStatus,
  step: RequestStep,
): ProcessingStatus | undefined {
  return requestSteps[status][step];
}

/** The payment statuses that a request of this status may have. */
export const paymentStatusesOf: Readonly<Record<ProcessingStatus, readonly PaymentStatus[]>> = {
  new: ['unknown'],
  in_processing: ['unknown'],
  processed: ['accepted', 'error', 'decline'],
  completed: ['accepted', 'error', 'decline'],
  duplicated: ['unknown'],
};

const REQUEST_PREFIX = 'payreq';

export function paymentRequestId(id: bigint): string {
  return formatRowId(REQUEST_PREFIX, id);
}

/** Throws `id_malformed`. */
export function parsePaymentRequestId(text: string): bigint {
  return parseRowId(REQUEST_PREFIX, text, 'request');
}
