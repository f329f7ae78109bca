import { randomBytes, randomInt } from 'node:crypto';
import type { GatewaySimulator, Table } from '#simulators/kit';
import { testCards } from './cards.ts';
import { missing } from './errors.ts';
import type {
  BalanceTransaction,
  Charge,
  Customer,
  Dispute,
  Event,
  PaymentIntent,
  PaymentMethod,
  Refund,
  SetupIntent,
} from './objects.ts';
import type { StripeSettings } from './settings.ts';

/** What the simulator knows of a payment method beside what the API shows. */
export interface CardFacts {
  /** Of the test card. */
  readonly name: string;
  /** Its holder has agreed to be charged without being there. */
  readonly isSetUp: boolean;
  /** It was used without a customer: not once more. */
  readonly isSpent: boolean;
}

export interface RequestContext {
  readonly id: string;
  readonly idempotencyKey: string | null;
}

export type StripeGateway = GatewaySimulator<StripeSettings>;

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** An id in Stripe's shape. */
export function newId(prefix: string, length = 24): string {
  return `${prefix}_${Array.from({ length }, () => letters[randomInt(letters.length)]).join('')}`;
}

export function newSecret(id: string): string {
  return `${id}_secret_${randomBytes(16).toString('hex').slice(0, 25)}`;
}

/** All that the account holds. */
export class Stripe {
  readonly gateway: StripeGateway;
  readonly intents: Table<PaymentIntent>;
  readonly charges: Table<Charge>;
  readonly methods: Table<PaymentMethod>;
  readonly cards: Table<CardFacts>;
  readonly customers: Table<Customer>;
  readonly setups: Table<SetupIntent>;
  readonly refunds: Table<Refund>;
  readonly disputes: Table<Dispute>;
  readonly balances: Table<BalanceTransaction>;
  readonly events: Table<Event>;
  /** Of the request that is under way: what its events name. */
  context: RequestContext | undefined;

  constructor(gateway: StripeGateway) {
    this.gateway = gateway;
    const { store } = gateway;
    this.intents = store.table('payment_intent');
    this.charges = store.table('charge');
    this.methods = store.table('payment_method');
    this.cards = store.table('card');
    this.customers = store.table('customer');
    this.setups = store.table('setup_intent');
    this.refunds = store.table('refund');
    this.disputes = store.table('dispute');
    this.balances = store.table('balance_transaction');
    this.events = store.table('event');
  }

  now(): number {
    return this.gateway.clock.nowSeconds();
  }

  intent(id: string): PaymentIntent {
    return found(this.intents.get(id), 'payment_intent', id, 'intent');
  }

  charge(id: string): Charge {
    return found(this.charges.get(id), 'charge', id);
  }

  customer(id: string): Customer {
    return found(this.customers.get(id), 'customer', id, 'customer');
  }

  setup(id: string): SetupIntent {
    return found(this.setups.get(id), 'setupintent', id, 'intent');
  }

  /** Tells the merchant what has happened to an object, as it is now. */
  emit(type: string, object: unknown): void {
    const { settings } = this.gateway;
    const event: Event = {
      ...{ id: newId('evt'), object: 'event', api_version: settings.apiVersion },
      ...{ created: this.now(), data: { object }, livemode: false, type },
      pending_webhooks: settings.noticeUrl === '' ? 0 : 1,
      request: {
        id: this.context?.id ?? null,
        idempotency_key: this.context?.idempotencyKey ?? null,
      },
    };
    this.events.put(event.id, event);
    this.gateway.notices?.add({ id: event.id, kind: type, body: JSON.stringify(event) });
  }

  /** Books money in the simulator's own book, and as Stripe shows it. */
  move(movement: Movement): BalanceTransaction {
    const { amount, charge, fee, intent, kind, reference, source, type } = movement;
    const { book, clock } = this.gateway;
    book.add({
      ...{ kind, operation: source, reference, amount_minor: amount },
      account: intent.metadata.account ?? intent.customer ?? '',
      method: this.cards.get(charge.payment_method)?.name ?? 'card',
      ...{ currency: intent.currency.toUpperCase(), at: clock.nowText() },
    });
    const signed = kind === 'debit' ? amount : -amount;
    const balance: BalanceTransaction = {
      ...{ id: newId('txn'), object: 'balance_transaction', amount: signed, created: this.now() },
      ...{ currency: intent.currency, fee, net: signed - fee, source, status: 'available', type },
    };
    this.balances.put(balance.id, balance);
    return balance;
  }

  referenceOf({ metadata }: { readonly metadata: Readonly<Record<string, string>> }): string {
    return metadata[this.gateway.settings.referenceKey] ?? '';
  }

  /** Why its holder will contest what was paid with it. */
  disputeReasonOf(method: string): string | undefined {
    return testCards[this.cards.need(method).name]?.disputes;
  }

  feeOf(amount: number): number {
    return Math.round((amount * this.gateway.settings.feePer10000) / 10_000);
  }
}

export interface Movement {
  readonly kind: 'debit' | 'credit';
  readonly type: BalanceTransaction['type'];
  readonly intent: PaymentIntent;
  readonly charge: Charge;
  readonly amount: number;
  readonly fee: number;
  /** The id of what moves it. */
  readonly source: string;
  readonly reference: string;
}

function found<Value>(value: Value | undefined, what: string, id: string, param?: string): Value {
  if (value === undefined) throw missing(what, id, param);
  return value;
}
