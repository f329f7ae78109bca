import type { MessageClass } from './request.ts';
import type { WindowsByDay } from './rule-set.ts';
import type { Rulebook } from './rulebook.ts';

/** All that a decision needs beside the request, but what was counted. Pure data, read by whoever asks. */
export interface KnownFacts {
  /** Rule sets, calendars and numbers, made ready once per change: `createRulebook`. */
  readonly rulebook: Rulebook;
  /** Undefined where no such entity is known. */
  readonly entity: EntityFacts | undefined;
  /** Of the recipient's number and person: those for everyone and those of this entity or its group. */
  readonly suppressions: readonly Suppression[];
  readonly consents: readonly Consent[];
  readonly overrides: readonly Override[];
}

export interface Facts extends KnownFacts {
  /**
   * By scope: the moments at which counted messages were handed over, in any order, at least those of the last
   * `COUNTED_DAYS`. A scope that is not here has counted nothing.
   */
  readonly counted: ReadonlyMap<string, readonly Date[]>;
}

/** How far back counted moments may matter: a calendar month, in the zone where it began earliest, and a day. */
export const COUNTED_DAYS = 33;

export interface EntityFacts {
  readonly key: string;
  readonly active: boolean;
  /** Those who collect for one creditor are counted together; absent: the entity alone. */
  readonly creditorGroup?: string;
  /** Its name first, then short forms and brands that people know it by. */
  readonly names: readonly string[];
  /** The number to call, as it may stand in texts. */
  readonly phone?: string;
  /** IANA zone; the last source of a recipient's local time. */
  readonly zone?: string;
  /** The standard allowed time of sending, from and to, by kind of day. */
  readonly standardTime?: WindowsByDay;
  /** `set/switch` → value: `ru-230fz/day` → `calendar`. What is not a value of the switch counts as its default. */
  readonly switches: Readonly<Record<string, string>>;
  /** Hosts that links of its texts may lead to. */
  readonly linkHosts?: readonly string[];
  /** Providers it may use, best first. */
  readonly providers: readonly AllowedProvider[];
}

/** A pair of legal entity and provider, with the senders registered for it. */
export interface AllowedProvider {
  readonly provider: string;
  /** False while the provider is switched off for all. */
  readonly enabled: boolean;
  /** Where the provider keeps its data (ISO 3166-1), if known. */
  readonly country?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly senders: readonly RegisteredSender[];
}

export interface RegisteredSender {
  /** Name or number as the handset shows it; compared exactly. */
  readonly sender: string;
  /** Classes that it is registered for; absent: all. */
  readonly classes?: readonly MessageClass[];
  /** The number of its registration, where a register exists. */
  readonly registration?: string;
  readonly since?: Date;
  readonly until?: Date;
}

export interface Suppression {
  /** `stop`, `operator_refusal`, `dnd`, `bankruptcy`, `refusal_230fz`, … */
  readonly list: string;
  readonly since: Date;
  readonly until?: Date;
}

export interface Consent {
  readonly purpose: string;
  /** How it can be proven: `written`, `web_form`, `double_opt_in`, … */
  readonly proof: string;
  readonly givenAt: Date;
  readonly withdrawnAt?: Date;
  readonly expiresAt?: Date;
}

/** An agreement with a person, or their own wish, about one rule of a set. */
export interface Override {
  readonly set: string;
  /** The rule's id, or its alias: `hours` of `ru-230fz` whatever its switches say. */
  readonly rule: string;
  /** Number and date of the document. */
  readonly document: string;
  readonly from: Date;
  readonly to?: Date;
  /** Another limit for a `frequencyCap`. */
  readonly limit?: number;
  /** Other hours for a `timeWindow`. */
  readonly windows?: WindowsByDay;
}
