import type { Card } from './cards.ts';

export const statusCodes = {
  AwaitingAuthentication: 1,
  Authorized: 2,
  Completed: 3,
  Cancelled: 4,
  Declined: 5,
} as const;
export type Status = keyof typeof statusCodes;

export const operationTypes = ['Payment', 'Refund'] as const;
export type OperationType = (typeof operationTypes)[number];

/** What a merchant asks money for. */
export interface Order {
  readonly amountMinor: number;
  readonly currency: string;
  readonly invoiceId: string | null;
  readonly accountId: string | null;
  readonly email: string | null;
  readonly description: string | null;
  /** As it was sent. */
  readonly jsonData: string | null;
  readonly ipAddress: string | null;
  readonly name: string | null;
  readonly cultureName: string | null;
  /** Reserve first, take it by `confirm`. */
  readonly twoStage: boolean;
  readonly saveCard: boolean;
  /** TrInitiatorCode: 0 the merchant, 1 the holder of the card; null where nobody said. */
  readonly initiator: 0 | 1 | null;
  readonly subscriptionId: string | null;
}

export interface Transaction extends Order {
  readonly id: number;
  /** The Public ID of its terminal. */
  readonly site: string;
  readonly type: OperationType;
  readonly status: Status;
  readonly reasonCode: number;
  /** Only of some declines. */
  readonly retryAfterSeconds: number | null;
  readonly testMode: boolean;
  readonly card: Card;
  /** It was paid with this one, or this one was made of it. */
  readonly token: string | null;
  readonly createdMs: number;
  readonly authorizedMs: number | null;
  readonly confirmedMs: number | null;
  readonly authCode: string | null;
  readonly rrn: string | null;
  readonly feeMinor: number;
  /** Of a payment: the sum of its refunds. */
  readonly refundedMinor: number;
  /** Of a refund: the payment. */
  readonly originalId: number | null;
  /** While its holder is to prove himself: what the bank answers to which button. */
  readonly threeDs: ThreeDs | null;
}

export interface ThreeDs {
  readonly paReq: string;
  readonly approve: string;
  readonly reject: string;
}

export interface Token {
  readonly token: string;
  readonly site: string;
  readonly accountId: string;
  readonly card: Card;
  readonly createdMs: number;
}

/** One movement of money on a card, as its bank has it. */
export interface LedgerEntry {
  readonly sequence: number;
  /** `chargeback`: its bank gave it back to the holder. `representment`: the merchant won it back. */
  readonly kind: 'debit' | 'refund' | 'chargeback' | 'representment';
  readonly site: string;
  /** Of a refund its own. */
  readonly transactionId: number;
  readonly paymentTransactionId: number;
  readonly invoiceId: string | null;
  readonly accountId: string | null;
  readonly cardId: string;
  readonly card: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly at: string;
}

export const notificationTypes = [
  'Check',
  'Pay',
  'Fail',
  'Confirm',
  'Refund',
  'Recurrent',
  'Cancel',
  'Receipt',
] as const;
export type NotificationType = (typeof notificationTypes)[number];

/** Every value as text; what is empty is sent as `Name=`, or null in JSON. */
export type NotificationFields = Readonly<Record<string, string>>;

export interface Notification {
  readonly id: number;
  readonly site: string;
  readonly type: NotificationType;
  readonly transactionId: number | null;
  readonly invoiceId: string | null;
  readonly fields: NotificationFields;
  readonly createdMs: number;
  /** `missing`: lost on purpose. `given-up`: after the last attempt. */
  readonly state: 'waiting' | 'delivered' | 'missing' | 'given-up';
  readonly attempts: number;
  readonly nextMs: number;
  /** What the last attempt met. */
  readonly lastAnswer: string;
}

/** What a cabinet keeps of one kind of notification. */
export interface Address {
  readonly IsEnabled: boolean;
  readonly Address: string;
  readonly HttpMethod: 'GET' | 'POST';
  readonly Encoding: 'UTF8' | 'Windows1251';
  readonly Format: 'CloudPayments' | 'QIWI' | 'RT';
}

export const intervals = ['Week', 'Month', 'Day'] as const;
export type Interval = (typeof intervals)[number];

export const subscriptionCodes = {
  Active: 0,
  PastDue: 1,
  Rejected: 2,
  Cancelled: 3,
  Expired: 4,
} as const;
export type SubscriptionStatus = keyof typeof subscriptionCodes;

/** A subscription that the gateway itself charges for. */
export interface Subscription {
  readonly id: string;
  readonly site: string;
  readonly token: string;
  readonly accountId: string;
  readonly description: string;
  readonly email: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly requireConfirmation: boolean;
  readonly startMs: number;
  readonly interval: Interval;
  readonly period: number;
  readonly maxPeriods: number | null;
  readonly cultureName: string | null;
  readonly receipt: unknown;
  readonly status: SubscriptionStatus;
  readonly successful: number;
  readonly failed: number;
  readonly lastMs: number | null;
  readonly nextMs: number | null;
  /** From where the next periods are counted, and how many have been: months do not drift by being added one by one. */
  readonly anchorMs: number;
  readonly periods: number;
}

/** An invoice by link. */
export interface PaymentLink {
  readonly id: string;
  readonly number: number;
  readonly site: string;
  readonly order: Order;
  readonly phone: string | null;
  readonly successUrl: string | null;
  readonly failUrl: string | null;
  readonly createdMs: number;
  readonly paidMs: number | null;
  readonly status: 'Created' | 'Cancelled' | 'Paid';
}

export interface Chargeback {
  readonly id: number;
  readonly site: string;
  readonly transactionId: number;
  readonly operation: 'Presentment' | 'Representment';
  readonly type: 'Chargeback' | 'Fee';
  readonly amountMinor: number;
  readonly atMs: number;
}

export interface Receipt {
  readonly id: string;
  readonly site: string;
  readonly type: string;
  readonly inn: string;
  readonly invoiceId: string | null;
  readonly accountId: string | null;
  /** The number of its fiscal document. */
  readonly document: number;
  /** Of which it is; null where it was asked for by itself. */
  readonly transactionId: number | null;
  readonly receipt: unknown;
  readonly atMs: number;
}
