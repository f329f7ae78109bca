import type { Executor, Tx } from '#database';
import type { ChargeRequest, Payments } from '#payments';

/** What the page of a payment says, and what the gateway is told. */
export interface Offer {
  readonly description: string;
  readonly email?: string;
  readonly saveCard?: boolean;
  readonly twoStage?: boolean;
}

export interface PreparedRequest {
  readonly customerId: bigint;
  readonly msisdn: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly reference: string;
  readonly offer: Offer;
  readonly notAfter: Date;
  readonly allocation?: bigint;
  readonly gateway?: string;
}

export interface CardView {
  readonly id: bigint;
  readonly card: string;
  readonly gateway: string;
  readonly brand: string;
  readonly mask: string;
  readonly expires: string | undefined;
  readonly fingerprint: string | undefined;
  readonly isDefault: boolean;
  readonly savedAt: Date;
}

export interface CardCharge extends ChargeRequest {
  readonly cardId?: bigint;
  readonly offer?: Offer;
}

export interface CardPayments extends Omit<Payments, 'request'> {
  request(tx: Tx, requests: readonly CardCharge[]): Promise<readonly string[]>;
  readonly cards: {
    prepare(tx: Tx, requests: readonly PreparedRequest[]): Promise<readonly string[]>;
    lead(
      payment: string,
      browser: { readonly ipAddress: string; readonly returnUrl: string; readonly locale: string },
    ): Promise<{ readonly gateway: string; readonly presentation: unknown }>;
    list(executor: Executor, customerId: bigint): Promise<readonly CardView[]>;
    makeDefault(tx: Tx, act: { customerId: bigint; card: string; actor: string }): Promise<void>;
    remove(
      tx: Tx,
      act: { customerId: bigint; card: string; actor: string; reason: string },
    ): Promise<{ readonly withdrawn: readonly string[] }>;
    gateways(): readonly string[];
  };
}
