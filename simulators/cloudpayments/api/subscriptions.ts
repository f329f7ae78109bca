import {
  type Answer,
  datePair,
  intervals,
  newSubscription,
  newsOf,
  parseAmount,
  periodStart,
  type Subscription,
  subscriptionCodes,
} from '#simulators/cloudpayments/acquirer';
import { type ApiRequest, accept, type Endpoints } from './endpoint.ts';
import { Refusal, type RequestFields } from './fields.ts';

const intervalCodes = { Week: 0, Month: 1, Day: 2 } as const;

function toModel(subscription: Subscription) {
  return {
    ...{ Id: subscription.id, AccountId: subscription.accountId },
    ...{ Description: subscription.description, Email: subscription.email },
    ...{ Amount: subscription.amountMinor / 100, CurrencyCode: 0, Currency: subscription.currency },
    RequireConfirmation: subscription.requireConfirmation,
    ...datePair('StartDate', subscription.startMs),
    ...{ IntervalCode: intervalCodes[subscription.interval], Interval: subscription.interval },
    ...{ Period: subscription.period, MaxPeriods: subscription.maxPeriods },
    CultureName: subscription.cultureName ?? 'ru-RU',
    ...{ StatusCode: subscriptionCodes[subscription.status], Status: subscription.status },
    SuccessfulTransactionsNumber: subscription.successful,
    FailedTransactionsNumber: subscription.failed,
    ...datePair('LastTransactionDate', subscription.lastMs),
    ...datePair('NextTransactionDate', subscription.nextMs),
    ...{ Receipt: subscription.receipt, FailoverSchemeId: null },
  };
}

function create({ caller, fields }: ApiRequest): Answer {
  const { acquirer, site } = caller;
  const token = acquirer.store.tokens.get(fields.needText('Token'));
  const accountId = fields.needText('AccountId');
  if (token?.site !== site.publicId || token.accountId !== accountId) {
    throw new Refusal('Token not found');
  }
  const startMs = fields.needTime('StartDate');
  if (startMs <= acquirer.clock.now()) throw new Refusal('Invalid StartDate value');
  if (!fields.has('RequireConfirmation')) throw new Refusal('RequireConfirmation is required');
  const interval = fields.choice('Interval', intervals);
  if (interval === null) throw new Refusal('Interval is required');
  fields.needText('Currency');
  const subscription = newSubscription({
    ...{ site: site.publicId, token: token.token, accountId, startMs, interval },
    ...{ description: fields.needText('Description'), email: fields.text('Email') },
    ...{ amountMinor: fields.needAmount(), currency: fields.currency() },
    requireConfirmation: fields.flag('RequireConfirmation'),
    ...{ period: needPositive(fields, 'Period'), maxPeriods: positive(fields, 'MaxPeriods') },
    ...{ cultureName: fields.text('CultureName'), receipt: fields.any('CustomerReceipt') ?? null },
  });
  return caller.settle(accept(toModel(subscription)), {
    subscriptions: [subscription],
    notifications: newsOf(acquirer, site, undefined, subscription),
  });
}

function positive(fields: RequestFields, name: string): number | null {
  const number = fields.whole(name);
  if (number !== null && number < 1) throw new Refusal(`Invalid ${name} value`);
  return number;
}

function needPositive(fields: RequestFields, name: string): number {
  const number = positive(fields, name);
  if (number === null) throw new Refusal(`${name} is required`);
  return number;
}

function get({ caller, fields }: ApiRequest): Subscription {
  const subscription = caller.acquirer.store.subscriptions.get(fields.needText('Id'));
  if (subscription?.site !== caller.site.publicId) throw new Refusal('Subscription not found');
  return subscription;
}

function findOfAccount({ caller, fields }: ApiRequest): Answer {
  const accountId = fields.needText('AccountId');
  const own = [...caller.acquirer.store.subscriptions.values()].filter(
    (each) => each.site === caller.site.publicId && each.accountId === accountId,
  );
  return accept(own.map(toModel));
}

/** Also of one that has ended: it runs again then. No word of it to the merchant, who asked for it. */
function update(request: ApiRequest): Answer {
  const { caller, fields } = request;
  const changed = runAgain(changeTerms(get(request), fields), caller.acquirer.clock.now());
  return caller.settle(accept(toModel(changed)), { subscriptions: [changed] });
}

function changeTerms(current: Subscription, fields: RequestFields): Subscription {
  const startMs = fields.time('StartDate');
  const amountMinor = fields.has('Amount') ? parseAmount(fields.any('Amount')) : undefined;
  if (fields.has('Amount') && amountMinor === undefined) throw new Refusal('Invalid Amount value');
  const changed: Subscription = {
    ...current,
    description: fields.text('Description') ?? current.description,
    amountMinor: amountMinor ?? current.amountMinor,
    currency: fields.has('Currency') ? fields.currency() : current.currency,
    requireConfirmation: fields.has('RequireConfirmation')
      ? fields.flag('RequireConfirmation')
      : current.requireConfirmation,
    interval: fields.choice('Interval', intervals) ?? current.interval,
    period: positive(fields, 'Period') ?? current.period,
    maxPeriods: positive(fields, 'MaxPeriods') ?? current.maxPeriods,
    cultureName: fields.text('CultureName') ?? current.cultureName,
    receipt: fields.any('CustomerReceipt') ?? current.receipt,
  };
  if (startMs !== null) return countFrom(changed, startMs);
  const isOther = changed.interval !== current.interval || changed.period !== current.period;
  // Another rhythm is counted from the payment that comes next.
  return isOther && current.nextMs !== null ? countFrom(changed, current.nextMs) : changed;
}

function countFrom(subscription: Subscription, startMs: number): Subscription {
  return { ...subscription, startMs, anchorMs: startMs, periods: 0, nextMs: startMs };
}

function runAgain(subscription: Subscription, nowMs: number): Subscription {
  const running = { ...subscription, status: 'Active', failed: 0 } as const;
  if (subscription.nextMs !== null && subscription.nextMs > nowMs) return running;
  let { periods } = subscription;
  while (periodStart(subscription, periods) <= nowMs) periods += 1;
  return { ...running, periods, nextMs: periodStart(subscription, periods) };
}

function cancel(request: ApiRequest): Answer {
  const { acquirer, site } = request.caller;
  const before = get(request);
  const cancelled: Subscription = { ...before, status: 'Cancelled', nextMs: null };
  return request.caller.settle(accept(), {
    subscriptions: [cancelled],
    notifications: newsOf(acquirer, site, before, cancelled),
  });
}

export const subscriptionEndpoints: Endpoints = [
  [/^subscriptions\/create$/, create],
  [/^subscriptions\/get$/, (request) => accept(toModel(get(request)))],
  [/^subscriptions\/find$/, findOfAccount],
  [/^subscriptions\/update$/, update],
  [/^subscriptions\/cancel$/, cancel],
];
