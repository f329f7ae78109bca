export {
  createWebhookDeliverer,
  type WebhookDeliverer,
  type WebhookDelivererOptions,
} from './create-deliverer.ts';
export {
  createWebhooks,
  DELIVERY_DAYS,
  type EndpointRef,
  type EndpointWish,
  type Webhooks,
  type WebhooksOptions,
} from './create-webhooks.ts';
export type { EndpointKind, WebhookEndpoint } from './endpoint.ts';
export type { WebhookEvent } from './event.ts';
export { tidyWebhooks } from './housekeeping.ts';
export { registerWebhookRoutes, type WebhookRoutesOptions } from './http.ts';
export { readReceiverUrl } from './receiver-address.ts';
export { makeSecret, type SignedContent, signContent, verifySignature } from './signature.ts';
export type {
  DeliveryAttempt,
  DeliveryFilter,
  DeliveryState,
  WebhookDelivery,
} from './store-deliveries.ts';
export type { EndpointChange } from './store-endpoints.ts';
