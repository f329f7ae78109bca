/** A subscription as `#subscriptions` tells it, whoever charges for it. */
export interface PhoneView {
  readonly subscription: string;
  readonly serviceCode: string;
  readonly title: string;
  readonly operator: string;
  readonly status: string;
  readonly alive: boolean;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly period: string;
  readonly createdAt: Date;
  readonly dueAt: Date | undefined;
  readonly paidUntil: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly endReason: string | undefined;
}
