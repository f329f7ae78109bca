/**
 * Orders to charge and to give back, taken off the queue; the calls, their outcomes, and questions about
 * unknown ones.
 */

export { createCardCharging, toQuestion } from './card-charging.ts';
export {
  type ChargeWorker,
  type ChargeWorkerOptions,
  cardChargeGroup,
  chargeGroup,
  createChargeWorker,
} from './charge-worker.ts';
export {
  createResponseHearing,
  type ResponseHearing,
  type ResponseHearingOptions,
  responseGroups,
} from './hear-responses.ts';
export { createRecorder, type Recorder, type RecorderOptions } from './record-outcomes.ts';
