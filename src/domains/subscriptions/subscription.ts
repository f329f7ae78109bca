import { formatId, parseId } from '#ids';

/** The life of a subscription, drawn in `docs/reference/state-machines.md` from the table below. */
export type SubscriptionStatus =
  | 'registered'
  | 'pending'
  | 'trial'
  | 'active'
  | 'grace'
  | 'hold'
  | 'paused'
  | 'expired'
  | 'cancelled'
  | 'purged'
  | 'rejected'
  | 'blacklisted'
  | 'postpaid';

export type SubscriptionStep =
  | 'admit'
  | 'reject'
  | 'blacklist'
  | 'find_postpaid'
  | 'pay'
  | 'miss'
  | 'park'
  | 'begin_trial'
  | 'pause'
  | 'resume'
  | 'expire'
  | 'cancel'
  | 'purge';

const ends = {
  expire: 'expired',
  cancel: 'cancelled',
  purge: 'purged',
  blacklist: 'blacklisted',
  find_postpaid: 'postpaid',
} as const;

/**
 * From where a step leads where; a pair that is absent never happens. `miss` is a charge that failed. By card, `pending` is a first
 * payment that is not complete, `park` is the ladder that closes the access, and only a paid period can be paused.
 */
export const subscriptionSteps: Readonly<
  Record<SubscriptionStatus, Readonly<Partial<Record<SubscriptionStep, SubscriptionStatus>>>>
> = {
  registered: {
    ...{
      admit: 'pending',
      reject: 'rejected',
      blacklist: 'blacklisted',
      find_postpaid: 'postpaid',
    },
    ...{ cancel: 'cancelled', purge: 'purged' },
  },
  pending: { pay: 'active', miss: 'pending', park: 'pending', begin_trial: 'trial', ...ends },
  trial: { pay: 'active', miss: 'grace', park: 'hold', ...ends },
  active: { pay: 'active', miss: 'grace', park: 'hold', pause: 'paused', ...ends },
  grace: { pay: 'active', miss: 'grace', park: 'hold', ...ends },
  hold: { pay: 'active', miss: 'hold', park: 'hold', ...ends },
  paused: { resume: 'active', expire: 'expired', cancel: 'cancelled', purge: 'purged' },
  expired: {},
  cancelled: {},
  purged: {},
  rejected: {},
  blacklisted: {},
  postpaid: {},
};

/** Where `step` leads from `status`; undefined for a pair that never happens. */
export function nextStatus(
  status: SubscriptionStatus,
  step: SubscriptionStep,
): SubscriptionStatus | undefined {
  return subscriptionSteps[status][step];
}

/** Alive: it is or may become due. At most one of a customer and service. */
export const aliveStatuses: readonly SubscriptionStatus[] = [
  'pending',
  'trial',
  'active',
  'grace',
  'hold',
  'paused',
];

export function isAlive(status: SubscriptionStatus): boolean {
  return aliveStatuses.includes(status);
}

/** Whether the content is open. Status, access and collection are three facts: grace owes money and still has access. */
export function accessOf(status: SubscriptionStatus): {
  readonly open: boolean;
  readonly reason: string;
} {
  const open = status === 'trial' || status === 'active' || status === 'grace';
  return { open, reason: status };
}

/** How long a first payment by card may stay incomplete (its holder is at his bank's page) before the subscription expires. */
export const FIRST_PAYMENT_HOURS = 23;

export interface SubscriptionKey {
  readonly customerId: bigint;
  readonly id: bigint;
}

export function subscriptionId(key: SubscriptionKey): string {
  return formatId('sub', key);
}

export function parseSubscriptionId(text: string): SubscriptionKey {
  return parseId('sub', text, 'subscription');
}

/** `sub_…/3`: what one period's charges are for. */
export function billReference(key: SubscriptionKey, period: number): string {
  return `${subscriptionId(key)}/${period}`;
}

const CARD_PART = '/card';

/** `sub_…/card`: of a payment by which its holder leaves another card. */
export function cardReference(key: SubscriptionKey): string {
  return `${subscriptionId(key)}${CARD_PART}`;
}

export function isCardReference(reference: string): boolean {
  return reference.endsWith(CARD_PART);
}

export function parseBillReference(text: string): SubscriptionKey & { readonly period: number } {
  const slash = text.lastIndexOf('/');
  return { ...parseSubscriptionId(text.slice(0, slash)), period: Number(text.slice(slash + 1)) };
}
