import { randomBytes } from 'node:crypto';
import type { Fields, GatewaySimulator, Table } from '#simulators/kit';
import { notFound } from './errors.ts';
import { type Amount, amountText } from './fields.ts';
import type { CancellationDetails } from './reasons.ts';
import type { Receipt } from './receipts.ts';
import type { YooKassaSettings } from './settings.ts';

export interface Method {
  readonly id: string;
  readonly first6: string;
  readonly last4: string;
  readonly isSaved: boolean;
  /** Its holder has taken the permission back. */
  readonly isRevoked: boolean;
}

export interface Payment {
  readonly id: string;
  readonly status: 'pending' | 'waiting_for_capture' | 'succeeded' | 'canceled';
  readonly amount: Amount;
  readonly refundedMinor: number;
  readonly capture: boolean;
  readonly description: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly customer: string | undefined;
  readonly receipt: Fields | undefined;
  /** Of the page where its holder pays; undefined for a saved method. */
  readonly returnUrl: string | undefined;
  readonly confirmationUrl: string | undefined;
  /** Undefined: its holder says it on the page. */
  readonly saveMethod: boolean | undefined;
  readonly methodId: string | undefined;
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
  readonly capturedMs: number | undefined;
  readonly cancellation: CancellationDetails | undefined;
}

export interface Refund {
  readonly id: string;
  readonly paymentId: string;
  readonly status: 'pending' | 'succeeded' | 'canceled';
  readonly amount: Amount;
  readonly description: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly receipt: Fields | undefined;
  readonly createdMs: number;
  readonly cancellation: CancellationDetails | undefined;
}

/** An id in YooKassa's shape: its age, its kind, and chance. */
export function newId(nowMs: number, kind: '000f' | '0015' | '001d'): string {
  const age = Math.floor(nowMs / 1000)
    .toString(16)
    .padStart(8, '0');
  return `${age}-${kind}-5${randomBytes(2).toString('hex').slice(1)}-8000-${randomBytes(6).toString('hex')}`;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** All that the shop holds. */
export class Shop {
  readonly gateway: GatewaySimulator<YooKassaSettings>;
  readonly payments: Table<Payment>;
  readonly refunds: Table<Refund>;
  readonly methods: Table<Method>;
  readonly receipts: Table<Receipt>;

  constructor(gateway: GatewaySimulator<YooKassaSettings>) {
    this.gateway = gateway;
    this.payments = gateway.store.table('payment');
    this.refunds = gateway.store.table('refund');
    this.methods = gateway.store.table('method');
    this.receipts = gateway.store.table('receipt');
  }

  nowMs(): number {
    return this.gateway.clock.nowMs();
  }

  payment(id: string): Payment {
    const payment = this.payments.get(id);
    if (!payment) throw notFound('payment');
    return payment;
  }

  /** Without a signature: whoever hears it asks for the object. */
  notify(event: string, object: unknown): void {
    const body = JSON.stringify({ type: 'notification', event, object });
    const id = `notice-${(this.gateway.notices?.size ?? 0) + 1}`;
    this.gateway.notices?.add({ id, kind: event, body });
  }

  /** A line of the simulator's own book. */
  move(
    kind: 'debit' | 'credit',
    payment: Payment,
    movement: { readonly operation: string; readonly minor: number; readonly reference: string },
  ): void {
    this.gateway.book.add({
      ...{ kind, operation: movement.operation, reference: movement.reference },
      ...{ account: payment.customer ?? '', method: payment.methodId ?? '' },
      ...{ amount_minor: movement.minor, currency: payment.amount.currency },
      at: this.gateway.clock.nowText(),
    });
  }

  /** The till registers what was asked for: at once, or as the settings say. */
  register(given: Fields | undefined, of: Pick<Receipt, 'paymentId' | 'refundId' | 'type'>): void {
    const { receiptDelayMs, receiptEnd } = this.gateway.settings;
    if (!given || receiptEnd === 'missing') return;
    const createdMs = this.nowMs();
    const id = `rt-${newId(createdMs, '001d')}`;
    const made = {
      ...of,
      id,
      status: 'pending',
      given,
      createdMs,
      registeredMs: undefined,
    } as const;
    this.receipts.put(id, made);
    if (receiptDelayMs > 0) this.gateway.schedule.add('receipt', id, createdMs + receiptDelayMs);
    else this.finishReceipt(id);
  }

  /** What comes of it is what the settings say at that moment. */
  finishReceipt(id: string): void {
    const receipt = this.receipts.need(id);
    const isLost = this.gateway.settings.receiptEnd === 'canceled';
    this.receipts.put(id, {
      ...{ ...receipt, status: isLost ? 'canceled' : 'succeeded' },
      registeredMs: isLost ? undefined : this.nowMs(),
    });
  }

  receiptToApi({ given, id, paymentId, refundId, registeredMs, status, type }: Receipt) {
    const number = this.receipts.all().findIndex((one) => one.id === id) + 1;
    return {
      ...{ id, type, status, payment_id: paymentId, ...optional('refund_id', refundId) },
      ...{ items: given.items, tax_system_code: given.tax_system_code, customer: given.customer },
      ...(registeredMs === undefined ? {} : fiscalOf(number, registeredMs)),
    };
  }

  /** How it stands with the receipts of an operation; undefined where none was asked for, or nobody has made it. */
  #registrationOf(is: (one: Receipt) => boolean): Receipt['status'] | undefined {
    return this.receipts.all().find(is)?.status;
  }

  referenceOf({ metadata }: { readonly metadata: Readonly<Record<string, string>> }): string {
    return metadata[this.gateway.settings.referenceKey] ?? '';
  }

  paymentToApi(payment: Payment) {
    const { amount, capturedMs, confirmationUrl, expiresMs, refundedMinor } = payment;
    const { currency, minor } = amount;
    const isDone = payment.status === 'succeeded';
    const fee = Math.round((minor * this.gateway.settings.feePer10000) / 10_000);
    return {
      ...{ id: payment.id, status: payment.status, amount: amountText(amount) },
      paid: isDone || payment.status === 'waiting_for_capture',
      ...(isDone ? { income_amount: amountText({ currency, minor: minor - fee }) } : {}),
      ...(isDone ? { refunded_amount: amountText({ currency, minor: refundedMinor }) } : {}),
      refundable: isDone && refundedMinor < minor,
      ...optional('description', payment.description),
      recipient: { account_id: this.gateway.settings.shopId, gateway_id: '1' },
      ...optional('payment_method', this.#methodToApi(payment.methodId)),
      created_at: iso(payment.createdMs),
      ...(capturedMs === undefined ? {} : { captured_at: iso(capturedMs) }),
      ...(expiresMs === undefined ? {} : { expires_at: iso(expiresMs) }),
      ...(payment.status === 'pending' && confirmationUrl !== undefined
        ? {
            confirmation: {
              ...{ type: 'redirect', confirmation_url: confirmationUrl },
              ...optional('return_url', payment.returnUrl),
            },
          }
        : {}),
      ...optional(
        'receipt_registration',
        this.#registrationOf((one) => one.type === 'payment' && one.paymentId === payment.id),
      ),
      ...optional('merchant_customer_id', payment.customer),
      ...optional('cancellation_details', payment.cancellation),
      ...(payment.methodId === undefined ? {} : { authorization_details: authorization(payment) }),
      ...{ metadata: payment.metadata, test: true },
    };
  }

  #methodToApi(id: string | undefined) {
    const method = id === undefined ? undefined : this.methods.get(id);
    if (!method) return undefined;
    const { first6, isRevoked, isSaved, last4 } = method;
    return {
      ...{ type: 'bank_card', id: method.id, saved: isSaved },
      status: isSaved && !isRevoked ? 'active' : 'inactive',
      title: `Bank card *${last4}`,
      card: {
        ...{ first6, last4, expiry_year: '2035', expiry_month: '12' },
        ...{ card_type: 'MasterCard', issuer_country: 'RU' },
      },
    };
  }

  refundToApi(refund: Refund) {
    return {
      ...{ id: refund.id, payment_id: refund.paymentId, status: refund.status },
      ...{ amount: amountText(refund.amount), created_at: iso(refund.createdMs) },
      ...optional('description', refund.description),
      ...optional('cancellation_details', refund.cancellation),
      ...optional(
        'receipt_registration',
        this.#registrationOf((one) => one.refundId === refund.id),
      ),
      metadata: refund.metadata,
    };
  }
}

function fiscalOf(number: number, registeredMs: number) {
  return {
    ...{ fiscal_document_number: String(number), fiscal_storage_number: '9288000100115785' },
    ...{ fiscal_attribute: String(2_617_603_921 - number), registered_at: iso(registeredMs) },
    fiscal_provider_id: 'fd9e9404-eaca-4000-8ec9-dc228ead2345',
  };
}

function optional<Value>(name: string, value: Value | undefined): Readonly<Record<string, Value>> {
  return value === undefined ? {} : { [name]: value };
}

function authorization({ id, returnUrl }: Payment) {
  const digits = BigInt(`0x${id.slice(-12)}`)
    .toString()
    .padStart(12, '0');
  return {
    ...{ rrn: digits.slice(-12), auth_code: digits.slice(-6) },
    three_d_secure: { applied: returnUrl !== undefined },
  };
}
