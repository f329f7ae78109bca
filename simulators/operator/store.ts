import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from './journal.ts';

export interface Debit {
  readonly sequence: number;
  readonly msisdn: string;
  readonly transactionId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly at: string;
  /** The caller's own clock (originTimeStamp): tests with a fake clock find their period by it. */
  readonly originTime: string;
  readonly externalData: string;
  readonly balanceAfterMinor: number;
}

/** Money given back: a positive adjustment. In its own list, with its own sequence. */
export type Credit = Debit;

/** `mt`: to the customer. `mo`: from the customer. */
export interface Message {
  readonly sequence: number;
  readonly direction: 'mt' | 'mo';
  readonly id: string;
  /** The sender's own id of an `mt`; two messages may carry the same one. */
  readonly clientId: string | null;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly at: string;
}

export interface Customer {
  readonly msisdn: string;
  balanceMinor: number;
  postpaid: boolean;
  blocked: boolean;
  readonly debits: Debit[];
  readonly credits: Credit[];
  readonly messages: Message[];
  /** Grows with each change, so that the phone page knows when to draw itself again. */
  revision: number;
}

export type CustomerChange = Partial<Pick<Customer, 'balanceMinor' | 'postpaid' | 'blocked'>>;
export type MoState = 'waiting' | 'delivered' | 'given-up';

export interface Decline {
  readonly msisdn: string;
  /** As it was asked for: negative for a credit. */
  readonly amountMinor: number;
  readonly code: number;
}

type Entry =
  | { readonly kind: 'opened'; readonly epoch: string }
  | ({ readonly kind: 'customer'; readonly msisdn: string } & CustomerChange)
  | { readonly kind: 'debit'; readonly debit: Debit }
  | { readonly kind: 'credit'; readonly credit: Credit }
  | ({ readonly kind: 'decline'; readonly transactionId: string } & Decline)
  | ({ readonly kind: 'message' } & Message)
  | { readonly kind: 'mo'; readonly id: string; readonly state: MoState };

type NewEntry = Omit<Debit, 'sequence' | 'at' | 'balanceAfterMinor'>;

export const openingBalanceMinor = 10_000;
/** Refusals are remembered for inquiries; the oldest are forgotten beyond this many. */
const declineLimit = 1_000_000;

/**
 * Everything that the operator knows, in memory, and its journal on disk. A change is an entry:
 * applied at once and appended; `whenWritten` tells when it may be answered.
 */
export class OperatorStore {
  readonly customers = new Map<string, Customer>();
  debits: Debit[] = [];
  credits: Credit[] = [];
  messages: Message[] = [];
  readonly firstDebits = new Map<string, Debit>();
  /** The debits after the first one of the same transaction id: each is money taken twice. */
  readonly repeatedDebits = new Map<string, Debit[]>();
  readonly firstCredits = new Map<string, Credit>();
  readonly moStates = new Map<string, MoState>();
  readonly #declines = new Map<string, Decline>();
  readonly #clock = new TextClock();
  readonly #journal: Journal<Entry>;
  #epoch = '';
  #debitedMinor = 0;
  #creditedMinor = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#journal = new Journal<Entry>(join(folder, 'journal.jsonl'), (entry) =>
      this.#apply(entry),
    );
    if (this.#epoch === '') this.#record({ kind: 'opened', epoch: newEpoch() });
  }

  get debitedMinor(): number {
    return this.#debitedMinor;
  }

  get creditedMinor(): number {
    return this.#creditedMinor;
  }

  whenWritten(callback: (failure: Error | undefined) => void): void {
    this.#journal.whenWritten(callback);
  }

  /** A number that nobody has seen yet starts with what its ending says. */
  customer(msisdn: string): Customer {
    const known = this.customers.get(msisdn);
    if (known !== undefined) return known;
    const ending = msisdn.slice(-2);
    const customer: Customer = {
      msisdn,
      balanceMinor: ending === '90' ? 0 : openingBalanceMinor,
      postpaid: ending === '91',
      blocked: ending === '93',
      debits: [],
      credits: [],
      messages: [],
      revision: 0,
    };
    this.customers.set(msisdn, customer);
    return customer;
  }

  changeCustomer(msisdn: string, change: CustomerChange): Customer {
    this.#record({ kind: 'customer', msisdn, ...change });
    return this.customer(msisdn);
  }

  addDebit(debit: NewEntry): Debit {
    const whole = this.#complete(debit, { sequence: this.debits.length + 1, change: -1 });
    this.#record({ kind: 'debit', debit: whole });
    return whole;
  }

  addCredit(credit: NewEntry): Credit {
    const whole = this.#complete(credit, { sequence: this.credits.length + 1, change: 1 });
    this.#record({ kind: 'credit', credit: whole });
    return whole;
  }

  #complete(
    entry: NewEntry,
    { change, sequence }: { readonly sequence: number; readonly change: 1 | -1 },
  ): Debit {
    return {
      sequence,
      msisdn: entry.msisdn,
      transactionId: entry.transactionId,
      amountMinor: entry.amountMinor,
      currency: entry.currency,
      at: this.#clock.now(),
      originTime: entry.originTime,
      externalData: entry.externalData,
      balanceAfterMinor: this.customer(entry.msisdn).balanceMinor + change * entry.amountMinor,
    };
  }

  addDecline(transactionId: string, decline: Decline): void {
    this.#record({ kind: 'decline', transactionId, ...decline });
  }

  decline(transactionId: string): Decline | undefined {
    return this.#declines.get(transactionId);
  }

  addMessage(message: Omit<Message, 'sequence' | 'id' | 'at'>): Message {
    const sequence = this.messages.length + 1;
    // The epoch keeps ids new after a reset: the other side may remember the old ones for ever.
    const id = `${message.direction}-${this.#epoch}-${sequence}`;
    const whole = { sequence, id, ...message, at: this.#clock.now() };
    this.#record({ kind: 'message', ...whole });
    return whole;
  }

  setMoState(id: string, state: MoState): void {
    this.#record({ kind: 'mo', id, state });
  }

  reset(): void {
    this.#journal.clear();
    this.customers.clear();
    this.firstDebits.clear();
    this.repeatedDebits.clear();
    this.firstCredits.clear();
    this.moStates.clear();
    this.#declines.clear();
    this.debits = [];
    this.credits = [];
    this.messages = [];
    this.#debitedMinor = 0;
    this.#creditedMinor = 0;
    this.#record({ kind: 'opened', epoch: newEpoch() });
  }

  close(): void {
    this.#journal.close();
  }

  #record(entry: Entry): void {
    this.#apply(entry);
    this.#journal.append(entry);
  }

  #apply(entry: Entry): void {
    switch (entry.kind) {
      case 'opened':
        this.#epoch = entry.epoch;
        return;
      case 'customer':
        this.#applyChange(entry.msisdn, entry);
        return;
      case 'debit':
        this.#applyDebit(entry.debit);
        return;
      case 'credit':
        this.#applyCredit(entry.credit);
        return;
      case 'decline':
        this.#applyDecline(entry.transactionId, entry);
        return;
      case 'message':
        this.#applyMessage(entry);
        return;
      case 'mo':
        this.moStates.set(entry.id, entry.state);
        return;
    }
  }

  #applyChange(msisdn: string, change: CustomerChange): void {
    const customer = this.customer(msisdn);
    customer.balanceMinor = change.balanceMinor ?? customer.balanceMinor;
    customer.postpaid = change.postpaid ?? customer.postpaid;
    customer.blocked = change.blocked ?? customer.blocked;
    customer.revision += 1;
  }

  #applyDebit(debit: Debit): void {
    const customer = this.customer(debit.msisdn);
    customer.balanceMinor = debit.balanceAfterMinor;
    customer.debits.push(debit);
    customer.revision += 1;
    this.debits.push(debit);
    this.#debitedMinor += debit.amountMinor;
    if (!this.firstDebits.has(debit.transactionId)) {
      this.firstDebits.set(debit.transactionId, debit);
      return;
    }
    const repeats = this.repeatedDebits.get(debit.transactionId) ?? [];
    repeats.push(debit);
    this.repeatedDebits.set(debit.transactionId, repeats);
  }

  #applyCredit(credit: Credit): void {
    const customer = this.customer(credit.msisdn);
    customer.balanceMinor = credit.balanceAfterMinor;
    customer.credits.push(credit);
    customer.revision += 1;
    this.credits.push(credit);
    this.#creditedMinor += credit.amountMinor;
    if (!this.firstCredits.has(credit.transactionId))
      this.firstCredits.set(credit.transactionId, credit);
  }

  #applyDecline(transactionId: string, { msisdn, amountMinor, code }: Decline): void {
    this.#declines.set(transactionId, { msisdn, amountMinor, code });
    if (this.#declines.size <= declineLimit) return;
    const [oldest] = this.#declines.keys();
    if (oldest !== undefined) this.#declines.delete(oldest);
  }

  #applyMessage(message: Message): void {
    const customer = this.customer(message.direction === 'mt' ? message.to : message.from);
    customer.messages.push(message);
    customer.revision += 1;
    this.messages.push(message);
    if (message.direction === 'mo') this.moStates.set(message.id, 'waiting');
  }
}

/** ISO 8601, made once per millisecond: thousands of debits may share one. */
class TextClock {
  #timeMs = 0;
  #text = '';

  now(): string {
    const timeMs = Date.now();
    if (timeMs !== this.#timeMs) {
      this.#timeMs = timeMs;
      this.#text = new Date(timeMs).toISOString();
    }
    return this.#text;
  }
}

function newEpoch(): string {
  return Date.now().toString(36);
}
