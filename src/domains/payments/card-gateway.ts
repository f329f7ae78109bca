import type { TransactionLogEntry } from '#operators';

/** Why a card was not charged, whatever the gateway's own code. */
export const cardDeclineReasons = [
  'insufficient_funds',
  'limit_exceeded',
  'do_not_honor',
  'expired_card',
  'lost_or_stolen',
  'restricted_card',
  'invalid_card',
  'invalid_cvv',
  'fraud_suspected',
  'authentication_required',
  'authentication_failed',
  'consent_withdrawn',
  'cancelled_by_customer',
  'issuer_unavailable',
  'gateway_error',
  'terminal_limit',
  'unsupported_card',
  'invalid_request',
] as const;
export type CardDeclineReason = (typeof cardDeclineReasons)[number];

/**
 * What follows from a decline. `never`: the card will not be charged again without its holder. `funds` and `temporary`: later,
 * within the budgets of the networks. `authentication`: its holder must be there. `request`: a mistake of ours, a person looks
 * at it. `technical`: another gateway may take it now.
 */
export type DeclineClass =
  | 'never'
  | 'funds'
  | 'temporary'
  | 'technical'
  | 'authentication'
  | 'request';

/** What is sold, for a fiscal receipt (54-FZ). It is sent where the gateway's account says so. */
export interface ReceiptData {
  readonly email?: string;
  readonly phone?: string;
  readonly items: readonly {
    readonly name: string;
    /** A whole number. */
    readonly quantity: number;
    /** Of one of them. Over all lines, times quantity, that is the amount of the operation. */
    readonly amountMinor: bigint;
    /** Absent: as the gateway's account says. */
    readonly tax?: ReceiptTax;
  }[];
}

/** The rates of VAT of a fiscal receipt; `110` and its like are those of an advance (10/110). */
export const receiptTaxes = [
  'none',
  'vat0',
  'vat5',
  'vat7',
  'vat10',
  'vat20',
  'vat22',
  'vat105',
  'vat107',
  'vat110',
  'vat120',
  'vat122',
] as const;
export type ReceiptTax = (typeof receiptTaxes)[number];

/** Systems of taxation of 54-FZ. */
export const taxSystems = ['osn', 'usn_income', 'usn_income_outcome', 'esn', 'patent'] as const;

/** Of an account that sends fiscal receipts with its payments and refunds. */
export interface ReceiptSettings {
  readonly taxSystem: (typeof taxSystems)[number];
  /** Of what a payment names no tax for. */
  readonly defaultTax: ReceiptTax;
}

/** A payment by card as its gateway needs it. */
export interface CardOrder {
  /** `pay_…`: our id towards the gateway, the same however often it is sent; unique among all operations. */
  readonly payment: string;
  /** What the gateway knows the payer by. */
  readonly account: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly description: string;
  /** Reserve now, and `confirm` or `void` later. */
  readonly twoStage: boolean;
  readonly email?: string;
  readonly receipt?: ReceiptData;
}

/** Its holder is there and enters a card. */
export interface PresentOrder extends CardOrder {
  /** The card is to be kept for later charges. */
  readonly saveCard: boolean;
  readonly ipAddress: string;
  /** Where the browser comes back to. */
  readonly returnUrl: string;
  /** BCP 47, such as `ru`. */
  readonly locale: string;
}

/** A card that its holder has left with the gateway. */
export interface SavedCardOrder extends CardOrder {
  /** As the gateway gave it; only it can use it. */
  readonly token: string;
  /** `merchant`: nobody is there; `customer`: its holder asked for it now. */
  readonly initiator: 'merchant' | 'customer';
}

/** What the gateway calls an operation, and what it says of it. */
export interface CardFacts {
  /** The gateway's id, as text always: some are larger than a number holds. */
  readonly transaction: string;
  /** `pay_…` as the gateway gives it back; undefined where it does not. */
  readonly payment?: string;
  readonly account?: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly at?: Date;
  readonly card?: SavedCard;
  /** What the gateway keeps of it, where it says so. */
  readonly feeMinor?: bigint;
  readonly authCode?: string;
  readonly rrn?: string;
  /** It was made in a test mode: no money. */
  readonly test: boolean;
}

export interface SavedCard {
  /** Absent where it was not kept. */
  readonly token?: string;
  /** The same for the same card, where the gateway gives one. */
  readonly fingerprint?: string;
  /** `411111******1111` or less; never the number. */
  readonly mask: string;
  readonly brand: string;
  /** `2030-09`. */
  readonly expires?: string;
}

/** What a gateway says of an operation, in the house's own words. */
export type CardOutcome =
  | { readonly outcome: 'accepted'; readonly facts: CardFacts }
  /** The money is reserved: to be confirmed or made void. */
  | { readonly outcome: 'authorized'; readonly facts: CardFacts }
  /** Its holder has to prove himself: the browser is sent to `url` (a POST of `fields` where there are any). */
  | {
      readonly outcome: 'authentication';
      readonly url: string;
      readonly fields?: Readonly<Record<string, string>>;
      readonly transaction: string;
    }
  | {
      readonly outcome: 'declined';
      readonly reason: CardDeclineReason;
      readonly class: DeclineClass;
      /** The gateway's own code. */
      readonly code: string;
      readonly transaction?: string;
      readonly retryAfterMs?: number;
    }
  /** It certainly had no effect and may be tried again with the same id, a little later. */
  | { readonly outcome: 'not_sent'; readonly reason: string; readonly retryAfterMs?: number }
  /** It is on its way: the gateway will say more. */
  | { readonly outcome: 'pending'; readonly transaction?: string }
  /** It may have had its effect: it is asked about before anything is sent again. */
  | { readonly outcome: 'unknown'; readonly reason: string };

export interface CardAnswer<Outcome = CardOutcome> {
  readonly result: Outcome;
  /** What was said, redacted, in order. */
  readonly log: readonly TransactionLogEntry[];
}

/**
 * How a page uses a gateway's script. `cloudpayments-start`: `new cp.CloudPayments().start(parameters)`;
 * `cloudpayments-pay`: `.pay(parameters.scheme, parameters.options, …)`; `stripe-elements`: `Stripe(publishableKey)` and
 * the Payment Element with `clientSecret`, then `confirmPayment` with `returnUrl`.
 */
export type WidgetManner = 'cloudpayments-start' | 'cloudpayments-pay' | 'stripe-elements';

/** How the browser is led to pay. Nothing in it lets it change the price: the gateway's notification is compared. */
export type Presentation =
  /** A script of the gateway with these parameters, shown by our signed page in the manner that the script wants. */
  | {
      readonly kind: 'widget';
      readonly manner: WidgetManner;
      readonly script: string;
      readonly parameters: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'redirect'; readonly url: string; readonly transaction?: string };

export type PresentOutcome =
  | { readonly outcome: 'presented'; readonly presentation: Presentation }
  | Extract<CardOutcome, { readonly outcome: 'declined' | 'not_sent' | 'unknown' }>;

/** An operation on a payment that the gateway has accepted or reserved. */
export interface CardOperation {
  /** `pay_…` of the operation itself: its idempotency key towards the gateway. */
  readonly payment: string;
  /** `pay_…` and the gateway's id of what it is done to. */
  readonly of: string;
  readonly transaction: string;
  /** Whose it is. */
  readonly account: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly receipt?: ReceiptData;
}

/**
 * What is asked about: our id always, the gateway's where it is known. The rest is what was sent, for gateways that are
 * asked by sending it again, and for those that are asked by looking through their list.
 */
export interface CardQuestion {
  readonly payment: string;
  readonly kind: 'payment' | 'refund';
  readonly account: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** It was not sent before: lists are looked through from here on. */
  readonly since: Date;
  /** Its holder entered the card: several attempts may stand under our id, and any of them may have been accepted. */
  readonly presented: boolean;
  readonly transaction?: string;
  /** Of a refund: what it gives back of. */
  readonly of?: string;
  readonly ofTransaction?: string;
}

export type CardInquiry =
  | CardOutcome
  /** It knows nothing of it now; whether it may still arrive is a question of time. */
  | { readonly outcome: 'not_found' }
  /** What was reserved has been let go. */
  | { readonly outcome: 'voided' };

export interface GatewayNotification {
  readonly method: string;
  /** Behind `/v1/webhooks/{gateway}/`, such as `pay`; '' where the gateway has one address for all. */
  readonly type: string;
  /** As it came, without `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly ip: string;
}

/** What a notification says happened. */
export type GatewayNews =
  | { readonly news: 'payment'; readonly outcome: CardOutcome; readonly payment?: string }
  | {
      readonly news: 'refund';
      /** `facts.payment` is our id of the refund itself, where the gateway gives it back. */
      readonly facts: CardFacts;
      readonly state: 'accepted' | 'pending' | 'declined';
      /** The gateway's id of what was given back of, and ours, where it gives it back. */
      readonly ofTransaction: string;
      readonly of?: string;
    }
  | { readonly news: 'voided'; readonly transaction: string; readonly payment?: string }
  | { readonly news: 'dispute'; readonly dispute: Dispute }
  | { readonly news: 'warning'; readonly warning: FraudWarning }
  | { readonly news: 'receipt'; readonly receipt: FiscalFacts }
  /** A subscription that the gateway itself runs; Kopek runs its own and only keeps the word. */
  | { readonly news: 'subscription'; readonly id: string; readonly status: string };

/** A fiscal receipt (54-FZ) that a gateway's till has registered. */
export interface FiscalFacts {
  /** The gateway's id of the payment or refund that it is of, and ours of the payment, where it gives it back. */
  readonly transaction: string;
  readonly payment?: string;
  readonly kind: 'sale' | 'return';
  /** The number of the fiscal document, its sign, and the till's number. */
  readonly document: string;
  readonly sign: string;
  readonly device?: string;
  readonly at?: Date;
  /** Where it can be looked at. */
  readonly url?: string;
}

/** What a gateway says, when it is asked, of a fiscal receipt that it was sent. */
export interface ListedReceipt {
  /** The gateway's id of the payment or refund that it is of. */
  readonly transaction: string;
  readonly kind: FiscalFacts['kind'];
  /** `cancelled`: its till could not register it, and does not try again. */
  readonly state: 'registered' | 'pending' | 'cancelled';
  /** Of one that is registered. */
  readonly facts?: FiscalFacts;
}

/** Which receipts are asked for: those that were made within a span, in pages, or those of one operation. */
export type ReceiptQuestion =
  | { readonly from: Date; readonly to: Date; readonly page?: string }
  | { readonly transaction: string; readonly kind: FiscalFacts['kind'] };

export interface NotificationReading {
  /** The same for a repetition of the same news: (type, id, status). */
  readonly dedupeKey: string;
  readonly news: readonly GatewayNews[];
  /** It proves nothing by itself: what it says is asked at the source before it counts. */
  readonly isHint: boolean;
}

/** A question that must be answered at once, before the gateway goes on (CloudPayments' Check). */
export interface CheckQuestion {
  readonly payment?: string;
  readonly account?: string;
  readonly amountMinor?: bigint;
  readonly currency?: string;
}

export type CheckVerdict =
  | 'go'
  | 'unknown_order'
  | 'wrong_account'
  | 'wrong_amount'
  | 'refuse'
  | 'expired';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Money that the payer's bank has taken back, or is about to. */
export interface Dispute {
  readonly id: string;
  readonly transaction: string;
  readonly kind: 'opened' | 'lost' | 'won' | 'fee';
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly at: Date;
  readonly reason?: string;
}

/** A network has heard of a fraud: the payment may be disputed. No money has moved. */
export interface FraudWarning {
  readonly id: string;
  readonly transaction: string;
  readonly at: Date;
  readonly reason?: string;
}

/** One line of a gateway's own list, for the nightly comparison. */
export interface ListedTransaction {
  readonly facts: CardFacts;
  readonly kind: 'payment' | 'refund';
  /** Of a refund: the gateway's id of what was given back of. */
  readonly ofTransaction?: string;
  readonly state: 'accepted' | 'authorized' | 'declined' | 'voided' | 'pending';
}

export interface CardCapabilities {
  readonly present: 'widget' | 'redirect' | 'none';
  /** A card entered on a page of the merchant's, as a cryptogram. */
  readonly cryptogram: boolean;
  readonly twoStage: boolean;
  readonly savedCards: boolean;
  readonly partialRefund: boolean;
  readonly refund: boolean;
  /** It takes fiscal receipts with its operations. */
  readonly receipts: boolean;
  /**
   * How one hears what became of the receipts that its account sends: `told` by notifications, `asked` by `listReceipts`; `none`:
   * it sends none.
   */
  readonly fiscal: 'told' | 'asked' | 'none';
  /** Asks before it goes on. */
  readonly check: boolean;
  /** `signed` notifications count by themselves; `hint`: they are asked about at the source; `none`: it sends none. */
  readonly notifications: 'signed' | 'hint' | 'none';
  readonly list: boolean;
  readonly disputes: 'pushed' | 'listed' | 'none';
  /** `byOurId` asks; `repeatIsSafe` sends the same again; `none`: nobody can be asked. */
  readonly inquiry: 'byOurId' | 'repeatIsSafe' | 'none';
  /**
   * Under which id what it does not know is sent again. `newId`: a failure that it answered under an id stays its answer to
   * that id, though nothing was carried out.
   */
  readonly afterNotFound: 'sameId' | 'newId';
  /** How long it knows a repetition for one; after that it is asked about before anything is repeated. */
  readonly idempotencyMs: number;
}

/** The card came as a cryptogram from the merchant's own page. */
export interface CryptogramOrder extends PresentOrder {
  readonly cryptogram: string;
  readonly cardholder?: string;
}

/**
 * The talk with whoever moves money from cards, and nothing of rates, breakers or tables. An implementation never throws
 * for what the outside does: it says `unknown`. What it can't do (`capabilities`) it declines as `invalid_request` without a call.
 */
export interface CardGateway {
  readonly name: string;
  readonly capabilities: CardCapabilities;
  /** The longest that one call takes. */
  longestMs(): number;
  /** How long after its outcome became unknown "not found" may still mean "on its way". */
  settleMs(): number;
  /** Leads the browser to pay. */
  present(order: PresentOrder): Promise<CardAnswer<PresentOutcome>>;
  chargeCryptogram(order: CryptogramOrder): Promise<CardAnswer>;
  /** After its holder has proved himself: what the browser brought back. */
  completeAuthentication(
    order: CardOrder,
    proof: { readonly transaction: string; readonly fields: Readonly<Record<string, string>> },
  ): Promise<CardAnswer>;
  chargeSaved(order: SavedCardOrder): Promise<CardAnswer>;
  /** Takes all or a part of what was reserved. */
  confirm(operation: CardOperation): Promise<CardAnswer>;
  void(operation: CardOperation): Promise<CardAnswer>;
  refund(operation: CardOperation): Promise<CardAnswer>;
  inquire(question: CardQuestion): Promise<CardAnswer<CardInquiry>>;
  /** Everything of these days, in pages; the page after the last has no `next`. */
  list?(span: {
    readonly from: Date;
    readonly to: Date;
    readonly page?: string;
  }): Promise<{ readonly transactions: readonly ListedTransaction[]; readonly next?: string }>;
  listDisputes?(span: {
    readonly from: Date;
    readonly to: Date;
    readonly page?: string;
  }): Promise<{ readonly disputes: readonly Dispute[]; readonly next?: string }>;
  /** Throws where they did not come. The page after the last has no `next`. */
  listReceipts?(
    asked: ReceiptQuestion,
  ): Promise<{ readonly receipts: readonly ListedReceipt[]; readonly next?: string }>;
  /** Forgets a saved card at the gateway, where it can. */
  forgetCard?(card: { readonly token: string; readonly account: string }): Promise<void>;
  /** Throws an `AppError` of kind `forbidden` where it is not the gateway's, `invalid` or `too_large` where it can't be read. */
  readNotification?(notification: GatewayNotification): NotificationReading;
  /** What the gateway must hear so that it does not repeat itself. Sent after all of it is stored. */
  acknowledgement?(): Reply;
  /** Reads a Check. Throws as `readNotification` does. */
  readCheck?(notification: GatewayNotification): CheckQuestion;
  checkReply?(verdict: CheckVerdict): Reply;
  /** Ends its connections. */
  close(): Promise<void>;
}
