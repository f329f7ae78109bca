import type { NumberPlan } from '#phone';

/** An operator as the database has it now. */
export interface Operator {
  readonly name: string;
  readonly title: string;
  readonly plan: NumberPlan;
  readonly msisdnFormat: 'international' | 'plus' | 'national';
  readonly timeZone: string;
  readonly currency: string;
  readonly shortCode: string;
  readonly baseUrl: string;
  readonly requestsPerSecond: number;
  readonly timeoutMs: number;
  readonly inquiry: 'byOurId' | 'repeatIsSafe' | 'none';
  /** How long after a request "not found" may still mean "on its way". */
  readonly settleMs: number;
  /** Whether it takes money back for us: a positive adjustment of a balance. */
  readonly refunds: boolean;
  /** Lower case; empty where this operator names no number. */
  readonly msisdnHeader: string;
  readonly queryMsisdn: boolean;
  /** CIDR ranges of the operator's own network. */
  readonly addressRanges: readonly string[];
}

/** The number as this operator wants it. `msisdn` is E.164 with the plus. */
export function spellMsisdn(msisdn: string, operator: Operator): string {
  switch (operator.msisdnFormat) {
    case 'plus':
      return msisdn;
    case 'international':
      return msisdn.slice(1);
    case 'national':
      return operator.plan.trunkPrefix + msisdn.slice(1 + operator.plan.countryCode.length);
  }
}
