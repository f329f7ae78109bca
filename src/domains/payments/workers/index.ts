/** What runs for gateways of cards, for every account and for those that come while it runs. */

export {
  type CardWorker,
  type CardWorkerOptions,
  createCardWorker,
  createNewsContext,
} from './card-worker.ts';
export { createGatewayWorkers, type GatewayWorkers } from './gateway-workers.ts';
