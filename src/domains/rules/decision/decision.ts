/** What the rules say of a message, always with the way there. */
export type Decision =
  | {
      readonly outcome: 'send';
      /** The handset must not get it at or after this moment: a window closes, or it is of no use. */
      readonly validUntil: Date;
      /** Providers that are allowed, in the order in which they are to be tried. Never empty. */
      readonly providers: readonly string[];
      /** Counters in which a reservation of this message takes one place each. */
      readonly scopes: readonly ScopeCount[];
      readonly trace: readonly TraceLine[];
    }
  | {
      readonly outcome: 'defer';
      /** Ask again at this moment: the earliest at which nothing known today forbids it. */
      readonly notBefore: Date;
      readonly validUntil: Date;
      readonly providers: readonly string[];
      readonly trace: readonly TraceLine[];
    }
  | { readonly outcome: 'reject'; readonly code: RejectCode; readonly trace: readonly TraceLine[] };

export type RejectCode =
  | 'entity_unknown'
  | 'entity_inactive'
  | 'provider_not_allowed'
  | 'sender_not_registered'
  | 'suppressed'
  | 'no_consent'
  | 'content_missing'
  | 'content_forbidden'
  | 'too_many_segments'
  | 'no_legal_slot'
  | 'expired';

/** One counter of a frequency limit: whose messages are counted together, under which rule. */
export interface ScopeCount {
  /** Such as `ru-230fz/message|group:alfa|person:+79161234567`. */
  readonly scope: string;
  /** Absent: the place is given back only when the message certainly did not leave. */
  readonly givenBack?: 'undelivered';
}

/** One step of the way to a decision, for a person to read. */
export interface TraceLine {
  /** Which rule of which version of which set: `ru-230fz@3/window`; `entity`, `provider`, `expiry` outside of sets. */
  readonly rule: string;
  readonly result: 'passes' | 'restricts' | 'defers' | 'rejects' | 'not_applicable';
  /** A sentence with the figures: “20:15 on Saturday 1 November in Asia/Kamchatka is outside 08:00–20:00”. */
  readonly text: string;
  readonly until?: Date;
}
