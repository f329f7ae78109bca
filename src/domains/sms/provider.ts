import type { TransactionLogEntry } from '#operators';

/** One message on its way to a provider. The attempt has been recorded before. */
export interface SmsOrder {
  /** `sms_…`: our id towards the provider. */
  readonly sms: string;
  /** Which attempt of this message it is, from 1. A provider that wants a number of ours makes it from both. */
  readonly attempt: number;
  /** E.164 with the plus. */
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  /** A PIN: its text appears in no log. */
  readonly secret: boolean;
  readonly priority: number;
  /** The provider is told to drop what it could not deliver by then, as exactly as it can be told. */
  readonly validUntil: Date;
}

/**
 * Why something certainly did not leave. `throttled`, `temporary`, `unreachable`: the same provider may take it later, another one now.
 * `account`: no money, credentials, sender: the provider takes nothing until a person acts.
 * `recipient`, `message`: this message will not leave through this provider; `recipient` through none.
 */
export type SmsFault =
  | 'throttled'
  | 'temporary'
  | 'unreachable'
  | 'account'
  | 'recipient'
  | 'message';

export type SmsOutcome =
  | {
      readonly outcome: 'accepted';
      /** As text always: some are larger than a number holds. One for each part where the provider names parts. */
      readonly providerMessageIds: readonly string[];
      readonly segments?: number;
      /** As the provider spells it, such as `4.10`. */
      readonly cost?: string;
      readonly currency?: string;
    }
  | {
      readonly outcome: 'not_sent';
      readonly fault: SmsFault;
      /** The provider's own word or code, such as `smsc_3`. */
      readonly reason: string;
      readonly retryAfterMs?: number;
    }
  /** It may have left: it is never sent again before somebody has been asked. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** What a provider says later. States never go back; what comes late is kept and not applied. */
export type ReportedState =
  | 'accepted'
  | 'sent'
  | 'delivered'
  | 'undelivered'
  | 'expired'
  | 'rejected'
  | 'cancelled'
  /** The provider does not know such a message. */
  | 'not_found';

export interface StatusReport {
  readonly providerMessageId: string;
  /** Our own id, where the provider gives it back. */
  readonly sms?: string;
  readonly state: ReportedState;
  /** When it happened, by the provider's clock; undefined where it does not say. */
  readonly at?: Date;
  readonly reason?: string;
}

/** A message that a customer sent. */
export interface MobileOriginated {
  /** The provider's id, or a digest of what came where it gives none. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export interface ProviderCallback {
  readonly method: string;
  /** As the provider was given it, with scheme and host: some sign it. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface CallbackReading {
  readonly reports: readonly StatusReport[];
  readonly incoming: readonly MobileOriginated[];
  /** What the provider must hear so that it does not repeat itself. Sent after all of it is stored. */
  readonly reply: {
    readonly status: number;
    readonly contentType?: string;
    readonly body: string;
  };
}

export interface SmsCapabilities {
  /** How statuses come: pushed, only when asked for, or never. With `none`, `accepted` is the last that is heard. */
  readonly receipts: 'push' | 'poll' | 'none';
  /** How an unknown outcome can be asked about: by our own id, or not at all. */
  readonly inquiry: 'byOurId' | 'none';
  /** Whether a status can be asked for by the provider's ids. */
  readonly status: boolean;
  readonly cancel: boolean;
  /** The finest unit in which it is told until when to try; `none`: it can't be told. */
  readonly validity: 'second' | 'minute' | 'hour' | 'none';
  readonly balance: boolean;
  readonly segmentsMax: number;
}

/** What is asked about: the ids as they are known. */
export interface SmsQuestion {
  readonly sms: string;
  readonly attempt: number;
  readonly recipient: string;
  /** What it was sent with: by SMPP a centre compares it. */
  readonly sender: string;
  readonly providerMessageIds: readonly string[];
}

/**
 * The seam to whoever brings messages to handsets: the talk, and nothing of rates, breakers or tables. An
 * implementation never throws for what the outside does.
 */
export interface SmsProvider {
  readonly name: string;
  readonly capabilities: SmsCapabilities;
  /** The longest that a `send` takes. */
  longestMs(): number;
  /** Sends once. */
  send(order: SmsOrder): Promise<SmsAnswer>;
  /**
   * Asks what became of messages; answers those of which the provider said something. With `inquiry: byOurId` also
   * where the provider's ids are not known.
   */
  ask?(questions: readonly SmsQuestion[]): Promise<readonly StatusReport[]>;
  /** `too_late`: it is on its way or delivered; `unknown`: not to be told. */
  cancel?(question: SmsQuestion): Promise<'cancelled' | 'too_late' | 'unknown'>;
  /** What is left, as the provider spells it. */
  balance?(): Promise<{ readonly amount: string; readonly currency?: string } | undefined>;
  /** Reads a callback. Throws an `AppError` of kind `forbidden` when it is not the provider's, `invalid` when unreadable. */
  readCallback?(callback: ProviderCallback): CallbackReading;
  /** For providers that talk over a session: reports and incoming messages come to the listener; it resolves once they are stored. */
  listen?(listener: (said: Omit<CallbackReading, 'reply'>) => Promise<void>): void;
  /** False while there is no session over which to send. */
  ready?(): boolean;
  close?(): Promise<void>;
}

export interface SmsAnswer {
  readonly result: SmsOutcome;
  readonly log: readonly TransactionLogEntry[];
}

export interface SharedOrder {
  readonly sender: string;
  readonly entity: string;
}

/** A provider with its rate and its breaker: what a sender works on. */
export interface SmsLine {
  readonly provider: SmsProvider;
  admits(): boolean;
  perSecond(): number;
  /** Waits for 1 to `most` grants of the rate. */
  take(most: number, signal: AbortSignal): Promise<number>;
  /** Tells what came of a call, for the breaker. */
  heard(result: SmsOutcome): void;
  /**
   * Where a sender or an entity may send only so many a second through it: how long each of these has to wait, in ms, and
   * 0 for those that may go now.
   */
  share?(orders: readonly SharedOrder[]): Promise<readonly number[]>;
}
