import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '#simulators/kit';
import {
  type Change,
  fromWritten,
  type Remembered,
  toWritten,
  type WrittenChange,
} from './change.ts';
import type {
  Address,
  Chargeback,
  LedgerEntry,
  Notification,
  PaymentLink,
  Receipt,
  Subscription,
  Token,
  Transaction,
} from './records.ts';

const firstTransactionId = 2_000_000_001;
/** Ids that were told before a crash and never written must not be given to something else. */
const idsSkippedAtOpening = 10_000;
/** The oldest answers are forgotten beyond this many, however young. */
const rememberedLimit = 1_000_000;

/** Everything that the gateway knows, in memory, and its journal on disk. */
export class Store {
  readonly transactions = new Map<number, Transaction>();
  /** By terminal and InvoiceId, in the order they were made. */
  readonly idsOfInvoice = new Map<string, number[]>();
  readonly entries: LedgerEntry[] = [];
  readonly tokens = new Map<string, Token>();
  readonly notifications = new Map<number, Notification>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly links = new Map<string, PaymentLink>();
  readonly chargebacks: Chargeback[] = [];
  readonly receipts = new Map<string, Receipt>();
  /** What a merchant has set by the API, by terminal and type. */
  readonly addresses = new Map<string, Address>();
  readonly remembered = new Map<string, Remembered>();
  clockOffsetMs = 0;
  /** Grows with each change, so that pages know when to draw themselves again. */
  revision = 0;
  readonly #journal: Journal<WrittenChange>;
  #lastTransactionId = firstTransactionId - 1 - idsSkippedAtOpening;
  #lastNotificationId = 0;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'journal.jsonl');
    this.#journal = new Journal<WrittenChange>(path, (written) =>
      this.#apply(fromWritten(written)),
    );
    this.commit({ opened: true });
  }

  nextTransactionId(): number {
    this.#lastTransactionId += 1;
    return this.#lastTransactionId;
  }

  nextNotificationId(): number {
    this.#lastNotificationId += 1;
    return this.#lastNotificationId;
  }

  /** Holds at once; `whenWritten` tells when it may be answered. */
  commit(change: Change): void {
    this.#apply(change);
    this.#journal.append(toWritten(change));
  }

  whenWritten(callback: (failure: Error | undefined) => void): void {
    this.#journal.whenWritten(callback);
  }

  transactionsOfInvoice(site: string, invoiceId: string): readonly Transaction[] {
    const ids = this.idsOfInvoice.get(invoiceKey(site, invoiceId)) ?? [];
    return ids.flatMap((id) => this.transactions.get(id) ?? []);
  }

  async reset(): Promise<void> {
    const maps = [
      ...[this.transactions, this.idsOfInvoice, this.tokens, this.notifications],
      ...[this.subscriptions, this.links, this.receipts, this.addresses, this.remembered],
    ];
    for (const map of maps) map.clear();
    this.entries.length = 0;
    this.chargebacks.length = 0;
    this.clockOffsetMs = 0;
    await this.#journal.clear();
    // The ids go on: the other side may remember the old ones.
    this.commit({ opened: true });
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #apply(change: Change): void {
    this.revision += 1;
    if (change.opened) this.#lastTransactionId += idsSkippedAtOpening;
    for (const transaction of change.transactions ?? []) this.#applyTransaction(transaction);
    for (const entry of change.entries ?? []) this.entries.push(entry);
    for (const token of change.tokens ?? []) this.tokens.set(token.token, token);
    for (const notification of change.notifications ?? []) {
      this.notifications.set(notification.id, notification);
      this.#lastNotificationId = Math.max(this.#lastNotificationId, notification.id);
    }
    for (const delivery of change.deliveries ?? []) {
      const notification = this.notifications.get(delivery.id);
      if (notification) this.notifications.set(delivery.id, { ...notification, ...delivery });
    }
    for (const each of change.subscriptions ?? []) this.subscriptions.set(each.id, each);
    for (const link of change.links ?? []) this.links.set(link.id, link);
    for (const chargeback of change.chargebacks ?? []) this.chargebacks.push(chargeback);
    for (const receipt of change.receipts ?? []) this.receipts.set(receipt.id, receipt);
    for (const { address, site, type } of change.addresses ?? []) {
      this.addresses.set(addressKey(site, type), address);
    }
    if (change.clockOffsetMs !== undefined) this.clockOffsetMs = change.clockOffsetMs;
    if (change.remembered) this.#applyRemembered(change.remembered);
  }

  #applyTransaction(transaction: Transaction): void {
    const { id, invoiceId, site } = transaction;
    const isNew = !this.transactions.has(id);
    this.transactions.set(id, transaction);
    this.#lastTransactionId = Math.max(this.#lastTransactionId, id);
    if (!isNew || invoiceId === null) return;
    const key = invoiceKey(site, invoiceId);
    const ids = this.idsOfInvoice.get(key);
    if (ids === undefined) this.idsOfInvoice.set(key, [id]);
    else ids.push(id);
  }

  #applyRemembered(remembered: Remembered): void {
    // Behind all others, also when it stands for an older one.
    this.remembered.delete(remembered.key);
    this.remembered.set(remembered.key, remembered);
    if (this.remembered.size <= rememberedLimit) return;
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined) this.remembered.delete(oldest);
  }
}

function invoiceKey(site: string, invoiceId: string): string {
  return `${site}\n${invoiceId}`;
}

export function addressKey(site: string, type: string): string {
  return `${site}\n${type}`;
}
