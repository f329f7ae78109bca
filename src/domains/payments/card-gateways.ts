import type { CardGateway } from './card-gateway.ts';

/** The line to one card gateway: its rate and its breaker, right over all copies. */
export interface CardLine {
  /** False while nothing should be sent to it. */
  admits(): boolean;
  perSecond(): number;
  /** Waits for 1 to `most` grants of its rate. */
  take(most: number, signal: AbortSignal): Promise<number>;
  /** What came of a call, for the breaker. */
  heard(wasAnswered: boolean): void;
}

export interface CardRouting {
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly method: 'present' | 'saved';
  /** Gateways that failed at it before, for a fault of their own: others go first. */
  readonly failed?: readonly string[] | undefined;
  /** The same payment is led the same way again. */
  readonly seed: string;
}

/** The accounts at card gateways that there are. */
export interface CardGateways {
  /** Enabled ones. */
  names(): readonly string[];
  /** Also one that was disabled since: what was paid through it may have to be given back. */
  gateway(name: string): CardGateway | undefined;
  line(name: string): CardLine;
  /** Those that may take it, the first choice first. */
  choose(asked: CardRouting): readonly string[];
}

/** A house that takes no cards. */
export const NO_CARD_GATEWAYS: CardGateways = {
  names: () => [],
  gateway: () => undefined,
  line: () => ({ admits: () => false, perSecond: () => 1, take: async () => 0, heard: () => {} }),
  choose: () => [],
};
