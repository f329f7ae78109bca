import type {
  CardDeclineReason,
  CardGateway,
  CardOperation,
  CardOutcome,
  CardQuestion,
  DeclineClass,
  GatewayNotification,
  NotificationReading,
  Presentation,
  PresentOrder,
  SavedCardOrder,
} from '#payments/card-gateway';

/** What can befall a call, in words that every kind of gateway knows. */
export type Misfortune =
  /** Turned away at the door: too busy. */
  | 'busy'
  | 'error_before'
  /** Carried out, then an error is answered. */
  | 'error_after'
  /** Never carried out, never answered. */
  | 'lost_request'
  /** Carried out, never answered. */
  | 'lost_answer'
  | 'hang_up_before'
  /** Carried out, then the connection is dropped. */
  | 'hang_up_after';

/** Those that leave open whether the call was carried out, and whether it was. */
export const LOST: readonly (readonly [Misfortune, boolean])[] = [
  ['error_before', false],
  ['error_after', true],
  ['lost_request', false],
  ['lost_answer', true],
  ['hang_up_before', false],
  ['hang_up_after', true],
];

export interface Decline {
  readonly name: string;
  readonly reason: CardDeclineReason;
  readonly class: DeclineClass;
  /** A charge of a saved card of a payer of its own that is refused so. */
  order(): Promise<SavedCardOrder>;
}

/** What a browser did on the page that it was led to. */
export type Act = 'pays' | 'proves_and_pays' | 'fails_to_prove' | 'has_no_money' | 'cheats';

export interface BrowserUnderTest {
  readonly acts: readonly Act[];
  /** `cheats`: it pays less than what was asked, where the page lets it. */
  act(act: Act, order: PresentOrder, presentation: Presentation): Promise<void>;
}

/** Cards that are entered on a page of the merchant's. */
export interface CryptogramsUnderTest {
  /** Of a card that pays at once, of one whose holder has to prove himself, and of one without money. */
  readonly plain: string;
  readonly authenticated: string;
  readonly poor: string;
  /** What the browser brings back from the bank's page. */
  prove(
    asked: Extract<CardOutcome, { readonly outcome: 'authentication' }>,
    isHolder: boolean,
  ): Promise<Readonly<Record<string, string>>>;
}

export interface Heard {
  readonly notification: GatewayNotification;
  readonly reading: NotificationReading;
}

export interface NotificationsUnderTest {
  /** All that was heard about this payment, once everything has been sent. */
  heard(payment: string): Promise<readonly Heard[]>;
  /** The same news, not as the gateway would have sent it. */
  forgeries(notification: GatewayNotification): readonly GatewayNotification[];
  /** Each notification about this order comes twice. */
  twice(order: SavedCardOrder): Promise<void>;
  /** They come before the answer, where the gateway can be made to. */
  early?(order: SavedCardOrder): Promise<void>;
  /** A good notification, as old as one that was recorded may be; undefined where they don't tell their age. */
  stale?(notification: GatewayNotification): GatewayNotification;
}

/** A fiscal receipt, read back into the house's words. */
export interface RegisteredReceipt {
  readonly kind: 'sale' | 'return';
  readonly totalMinor: number;
  readonly taxSystem: string | undefined;
  /** An e-mail, or a phone number in digits. */
  readonly contact: string;
  /** `name: tax`. */
  readonly lines: readonly string[];
}

export interface ReceiptsUnderTest {
  /** The same account, with `RECEIPT_SETTINGS`. */
  readonly gateway: CardGateway;
  /** What its till has registered of a payment, the oldest first. */
  registered(
    payment: string,
    transaction: string | undefined,
  ): Promise<readonly RegisteredReceipt[]>;
}

/** A gateway, and what stands at its other end. */
export interface CardGatewayUnderTest {
  readonly name: string;
  readonly gateway: CardGateway;
  /** The same, with little patience: for what is never answered. */
  readonly impatient: CardGateway;
  /** What must not be read in a log. */
  readonly secrets: readonly string[];
  /** A charge of a saved card of a payer of its own, who has money. */
  order(changes?: Partial<SavedCardOrder>): Promise<SavedCardOrder>;
  readonly declines: readonly Decline[];
  /** The next call about it meets this: one that moves money, or a question. */
  befall(
    misfortune: Misfortune,
    of: CardOperation | SavedCardOrder,
    call?: 'question',
  ): Promise<void>;
  /** What does not end by itself is over. */
  recover?(): Promise<void>;
  /** What the outside's own book says was taken under our id, in minor units, one number a debit. */
  debits(payment: string): Promise<readonly number[]>;
  /** What it says was given back of it. */
  credits(payment: string): Promise<readonly number[]>;
  /** Nobody listens at the other end while `work` runs. */
  unreachable(work: (deaf: CardGateway) => Promise<void>): Promise<void>;
  readonly cryptograms?: CryptogramsUnderTest;
  readonly browser?: BrowserUnderTest;
  readonly notifications?: NotificationsUnderTest;
  readonly receipts?: ReceiptsUnderTest;
}

/** Whoever waits for an answer that never comes waits in vain; everyone else has time, however slow the machine. */
export function senderOf(
  { gateway, impatient }: CardGatewayUnderTest,
  misfortune: Misfortune,
): CardGateway {
  return misfortune.startsWith('lost') ? impatient : gateway;
}

let numbers = 0;

/** Under which nobody has paid before. */
export function newPayment(): string {
  numbers += 1;
  return `pay_${process.pid}x${Date.now().toString(36)}x${numbers}`;
}

export function newOrder(token: string, changes: Partial<SavedCardOrder> = {}): SavedCardOrder {
  numbers += 1;
  return {
    ...{ payment: newPayment(), account: `cus_${process.pid}_${numbers}`, token },
    ...{ amountMinor: 19_900n, currency: 'RUB', description: 'Kopek Pro', twoStage: false },
    ...{ initiator: 'merchant', ...changes },
  };
}

export function questionOf(order: SavedCardOrder): CardQuestion {
  const { account, amountMinor, currency, payment } = order;
  return {
    ...{ payment, kind: 'payment', account, amountMinor, currency },
    ...{ since: new Date(Date.now() - 60_000), presented: false },
  };
}

export function operationOf(
  order: SavedCardOrder,
  transaction: string,
  amountMinor = order.amountMinor,
): CardOperation {
  const { account, currency, payment } = order;
  return { payment: newPayment(), of: payment, transaction, account, amountMinor, currency };
}

export function refundQuestionOf(order: SavedCardOrder, refund: CardOperation): CardQuestion {
  return {
    ...{ payment: refund.payment, kind: 'refund', account: order.account },
    ...{ amountMinor: refund.amountMinor, currency: refund.currency, presented: false },
    ...{ since: new Date(Date.now() - 60_000), of: refund.of, ofTransaction: refund.transaction },
  };
}

export function presentOrder(changes: Partial<PresentOrder> = {}): PresentOrder {
  const { initiator: _initiator, token: _token, ...order } = newOrder('');
  return {
    ...{ ...order, saveCard: false, ipAddress: '203.0.113.7', locale: 'ru' },
    ...{ returnUrl: 'http://127.0.0.1:9/back', email: 'payer@example.org', ...changes },
  };
}
