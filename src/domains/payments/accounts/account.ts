import type { ReceiptSettings } from '#payments/card-gateway';

/** Every kind of card gateway that an account may be with. */
export const gatewayKinds = ['cloudpayments', 'stripe', 'yookassa', 'processing'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

/** How a card comes to be charged: its holder enters it, or left it with the gateway before. */
export const cardMethods = ['present', 'saved'] as const;
export type CardMethod = (typeof cardMethods)[number];

/** Which payments an account may take; what is absent limits nothing. */
export interface GatewayRouting {
  readonly currencies?: readonly string[] | undefined;
  /** Both ends may be taken. In minor units of the one currency that `currencies` then names. */
  readonly amountMinMinor?: bigint | undefined;
  readonly amountMaxMinor?: bigint | undefined;
  /** Of cards, in small letters: `visa`, `mir`. */
  readonly brands?: readonly string[] | undefined;
  readonly methods?: readonly CardMethod[] | undefined;
  /** Its share among those that may take a payment; 0: it is only a reserve. */
  readonly weight: number;
  /** Its place among those that are tried when the first could not, lowest first; absent: after those that have one. */
  readonly reserve?: number | undefined;
}

/** A merchant's account with a card gateway, as it may be shown: without its credentials. */
export interface GatewayAccount extends GatewayRouting {
  /** As topics, routes, payments and logs call it. */
  readonly name: string;
  readonly kind: GatewayKind;
  readonly title: string;
  /** Switched off it takes no new payment; what it took before is still given back and asked about through it. */
  readonly enabled: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly requestsPerSecond: number;
  /** Absent: it sends no fiscal receipts. */
  readonly receipts?: ReceiptSettings | undefined;
  /** Grows with each change. */
  readonly version: number;
}

/** What is saved. Secrets that are left out, all or some, stay as they are. */
export interface NewGatewayAccount extends Omit<GatewayAccount, 'version'> {
  readonly secrets?: Readonly<Record<string, unknown>> | undefined;
  /** The version that this is a change of: refused where there is another by now. Absent: of whichever there is. */
  readonly ifVersion?: number | undefined;
}

/** What a gateway is made of: settings and secrets have passed the schemas of its maker. */
export interface OpenAccount {
  readonly name: string;
  readonly kind: GatewayKind;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, unknown>>;
  readonly receipts?: ReceiptSettings | undefined;
}

export interface GatewayAccountState {
  readonly account: GatewayAccount;
  readonly sealedSecrets: string;
  /**
   * Of the breaker, by the database's clock: undefined is closed, above 0 open for so long yet, else waiting for a trial.
   */
  readonly openMs: number | undefined;
  readonly closedReason: string | undefined;
}
