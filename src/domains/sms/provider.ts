import type { TransactionLogEntry } from '#operators';

export interface SmsOrder {
  /** `sms_…`: our id towards the provider. */
  readonly sms: string;
  readonly recipient: string;
  readonly sender: string;
  readonly body: string;
  readonly secret: boolean;
}

export type SmsOutcome =
  | { readonly outcome: 'sent'; readonly providerMessageId: string | undefined }
  /** It certainly did not leave, and may be tried again. */
  | { readonly outcome: 'not_sent'; readonly reason: string }
  /** It certainly did not leave, and never will. */
  | { readonly outcome: 'failed'; readonly reason: string }
  /** It may have left: it is never sent again. */
  | { readonly outcome: 'unknown'; readonly reason: string };

/** The seam to whoever brings messages to handsets. An implementation never throws for what the outside does. */
export interface SmsProvider {
  readonly name: string;
  admits(): boolean;
  perSecond(): number;
  longestMs(): number;
  take(most: number, signal: AbortSignal): Promise<number>;
  /** Sends once; the grant has been taken. */
  send(
    order: SmsOrder,
  ): Promise<{ readonly result: SmsOutcome; readonly log: readonly TransactionLogEntry[] }>;
}
