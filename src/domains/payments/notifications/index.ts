/**
 * Where gateways tell what happened: proven, kept, answered at once, read and asked about, and then applied as
 * news.
 */

export { createNotificationApplier } from './apply-notifications.ts';
export { createGatewayAsker, type GatewayAsker } from './ask-gateways.ts';
export { askForReceipts } from './ask-receipts.ts';
export { registerNotificationRoutes } from './http-notifications.ts';
export { createNotificationInbox, type NotificationInbox } from './notification-inbox.ts';
export {
  findNotificationsOf,
  type NotificationView,
  readNotificationDepths,
} from './notification-store.ts';
