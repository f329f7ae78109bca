import type {
  Address,
  Chargeback,
  LedgerEntry,
  Notification,
  NotificationType,
  PaymentLink,
  Receipt,
  Subscription,
  Token,
  Transaction,
} from './records.ts';

/** What the gateway answers to a merchant. */
export interface Answer {
  readonly success: boolean;
  readonly message: string | null;
  /** Answered as the model of a transaction, as it was then. */
  readonly transaction?: Transaction;
  readonly model?: unknown;
}

/** The answer to an X-Request-ID. */
export interface Remembered {
  readonly key: string;
  readonly atMs: number;
  readonly answer: Answer;
}

/** It lies in the journal without its transaction: that stands in the same line. */
interface WrittenRemembered extends Omit<Remembered, 'answer'> {
  readonly answer: Omit<Answer, 'transaction'> & { readonly transactionId?: number };
}

/** Where an attempt to notify has got to. */
export type Delivery = Pick<Notification, 'id' | 'state' | 'attempts' | 'nextMs' | 'lastAnswer'>;

/** What happens at once: one line of the journal, so that a crash leaves all of it or nothing. A record stands for its older self. */
export interface Change {
  readonly opened?: true;
  readonly transactions?: readonly Transaction[];
  readonly entries?: readonly LedgerEntry[];
  readonly tokens?: readonly Token[];
  readonly notifications?: readonly Notification[];
  readonly deliveries?: readonly Delivery[];
  readonly subscriptions?: readonly Subscription[];
  readonly links?: readonly PaymentLink[];
  readonly chargebacks?: readonly Chargeback[];
  readonly receipts?: readonly Receipt[];
  readonly addresses?: readonly {
    readonly site: string;
    readonly type: NotificationType;
    readonly address: Address;
  }[];
  readonly clockOffsetMs?: number;
  readonly remembered?: Remembered;
}

export type WrittenChange = Omit<Change, 'remembered'> & {
  readonly remembered?: WrittenRemembered;
};

export function toWritten(change: Change): WrittenChange {
  const { remembered, ...rest } = change;
  if (remembered === undefined) return rest;
  const { transaction, ...answer } = remembered.answer;
  const written = transaction === undefined ? answer : { ...answer, transactionId: transaction.id };
  return { ...rest, remembered: { ...remembered, answer: written } };
}

export function fromWritten(written: WrittenChange): Change {
  const { remembered, ...rest } = written;
  if (remembered === undefined) return rest;
  const { transactionId, ...answer } = remembered.answer;
  const transaction = written.transactions?.find(({ id }) => id === transactionId);
  const whole = transaction === undefined ? answer : { ...answer, transaction };
  return { ...rest, remembered: { ...remembered, answer: whole } };
}
