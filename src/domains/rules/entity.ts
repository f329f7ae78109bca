import { type Static, Type } from '#http';
import { MESSAGE_CLASSES, WindowsByDay } from '#rules/decision';

const closed = { additionalProperties: false } as const;
/** What PostgreSQL can't store: control characters, and half a surrogate pair. */
export const Words = (maxLength: number) =>
  Type.String({
    ...{ minLength: 1, maxLength },
    pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff]*$',
  });

/** What a legal entity decides for itself, within the laws. */
export const EntitySettings = Type.Object(
  {
    /** Short forms and brands that people know it by, beside its name. */
    names: Type.Optional(Type.Array(Words(200), { maxItems: 20 })),
    /** The number to call, as it stands in texts. */
    phone: Type.Optional(Words(40)),
    /** IANA zone: the last source of a recipient's local time. */
    zone: Type.Optional(Words(60)),
    /** The standard allowed time of sending. Absent: whatever the laws allow. */
    standardTime: Type.Optional(WindowsByDay),
    /** Answers to open legal questions: `ru-230fz/day` → `calendar`. Absent: the strict answer. */
    switches: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[a-z][a-z0-9-]{0,59}/[a-z][a-z0-9-]{0,59}$' }),
        Words(60),
      ),
    ),
    /** Hosts that links of its texts may lead to. */
    linkHosts: Type.Optional(Type.Array(Words(253), { maxItems: 200 })),
  },
  closed,
);
export type EntitySettings = Static<typeof EntitySettings>;

/** On whose behalf messages are sent. */
export interface LegalEntity {
  readonly key: string;
  readonly name: string;
  /** Entities of one group count together where a law counts by creditor. */
  readonly creditorGroup: string;
  readonly active: boolean;
  readonly settings: EntitySettings;
}

/** As it is saved: absent settings are none; group and activity stay, and are its own and true for a new one. */
export interface NewLegalEntity {
  readonly key: string;
  readonly name: string;
  readonly creditorGroup?: string;
  readonly active?: boolean;
  readonly settings?: EntitySettings;
}

/** Who brings messages to handsets, as the rules know them. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  /** False: nobody may use it now. */
  readonly enabled: boolean;
  /** ISO 3166-1 of where it keeps its data, if known. */
  readonly country: string | undefined;
}

/** Absent: `enabled` stays, and is true for a new one; it is of no country that is known. */
export interface NewProvider {
  readonly name: string;
  readonly title: string;
  readonly enabled?: boolean;
  readonly country?: string;
}

/** A name or number that is registered for an entity at a provider. Moments are ISO 8601, as they are stored. */
export const RegisteredSender = Type.Object(
  {
    sender: Words(30),
    classes: Type.Optional(
      Type.Array(Type.Enum(MESSAGE_CLASSES), {
        ...{ minItems: 1, maxItems: MESSAGE_CLASSES.length },
        description: 'What it is registered for; absent: everything.',
      }),
    ),
    registration: Type.Optional(Words(100)),
    since: Type.Optional(Type.String({ format: 'date-time' })),
    until: Type.Optional(Type.String({ format: 'date-time' })),
  },
  closed,
);
export type RegisteredSender = Static<typeof RegisteredSender>;

/** Which provider an entity may use, and how. */
export interface AllowedPair {
  readonly entity: string;
  readonly provider: string;
  /** The lower is tried first. */
  readonly rank: number;
  readonly senders: readonly RegisteredSender[];
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

export interface NewPair {
  readonly entity: string;
  readonly provider: string;
  readonly rank?: number;
  /** A bare text is a sender registered for every class, for ever. */
  readonly senders: readonly (string | RegisteredSender)[];
  readonly since?: Date;
  readonly until?: Date;
}
