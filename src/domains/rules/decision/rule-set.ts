import { type Static, Type } from 'typebox';
import type { Predicate } from './predicate.ts';

const closed = { additionalProperties: false } as const;
const Id = Type.String({ pattern: '^[a-z][a-z0-9-]{0,59}$' });
const Text = Type.String({ minLength: 1, maxLength: 1000 });
const WallTime = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$' });
const Instant = Type.String({ format: 'date-time' });
/** Checked by `parseRuleSet`, which knows the facts and switches that it may name. */
const PredicateField = Type.Unsafe<Predicate>({ type: 'object' });

/** Half-open intervals of a local day: open at 08:00:00.000, closed at 22:00:00.000. None: closed all day. */
export const DayWindows = Type.Array(Type.Array(WallTime, { minItems: 2, maxItems: 2 }), {
  maxItems: 6,
});

/**
 * By kind of day. The first that is given answers: the date (`07-14`, `2026-12-24`), `holiday` for a public holiday,
 * the day of the week, `short` for a shortened working day, then `work` or `off`.
 */
export const WindowsByDay = Type.Object(
  {
    work: DayWindows,
    off: DayWindows,
    short: Type.Optional(DayWindows),
    holiday: Type.Optional(DayWindows),
    byWeekday: Type.Optional(
      Type.Partial(
        Type.Object(
          {
            ...{ mon: DayWindows, tue: DayWindows, wed: DayWindows, thu: DayWindows },
            ...{ fri: DayWindows, sat: DayWindows, sun: DayWindows },
          },
          closed,
        ),
      ),
    ),
    byDate: Type.Optional(Type.Record(Type.String(), DayWindows)),
  },
  closed,
);
export type WindowsByDay = Static<typeof WindowsByDay>;

/**
 * Whose messages are counted together: one counter per combination of these. `body` tells texts apart;
 * `attribute.<name>` is what the request says under that name.
 */
const KeyPart = Type.Object(
  {
    part: Type.String({
      pattern: '^(creditorGroup|entity|person|recipient|sender|body|attribute\\.\\w{1,60})$',
    }),
    when: Type.Optional(PredicateField),
  },
  closed,
);
const Key = Type.Array(KeyPart, { minItems: 1, maxItems: 8 });

/** Where the local time of a recipient may be taken from; see `LocalTime`. */
const ZoneSource = Type.Enum(['explicit', 'region', 'number', 'country', 'entity']);
export type ZoneSource = Static<typeof ZoneSource>;

/**
 * Sources in their order: the first that knows anything answers, and where it names several zones, all of them must
 * agree. `explicit`: the zone in the request; `region`: of the known region; `number`: of the number's range;
 * `country`: all zones of the number's country; `entity`: the zone in the settings of the legal entity.
 */
export const LocalTime = Type.Object(
  {
    sources: Type.Array(
      Type.Object({ from: ZoneSource, when: Type.Optional(PredicateField) }, closed),
      { minItems: 1, maxItems: 10 },
    ),
    ambiguous: Type.Literal('intersection'),
  },
  closed,
);
export type LocalTime = Static<typeof LocalTime>;

/** What every rule has: its id in the set, a sentence for people, where the law says it, and when it applies. */
const ruleFields = {
  id: Id,
  title: Text,
  basis: Type.Optional(Text),
  /** Agreements may name it by this too: one name for the variants of a rule, of which switches choose. */
  alias: Type.Optional(Id),
  when: Type.Optional(PredicateField),
};

const TimeWindow = Type.Object(
  {
    kind: Type.Literal('timeWindow'),
    ...ruleFields,
    /** Country of the calendar that tells working days; absent: Monday to Friday. */
    calendar: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$' })),
    /** Days off of the recipient's region count beside those of the country; false: the country's only. */
    regionalDays: Type.Optional(Type.Boolean()),
    /** `entity`: the standard time in the settings of the legal entity; where it has none the rule is silent. */
    windows: Type.Union([WindowsByDay, Type.Literal('entity')]),
    /** Nothing is sent when the window closes in less than this. */
    lastSafeSendMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 720 })),
    /** The validity of a message ends where the window does; false: only the sending is bound. */
    capValidityToWindow: Type.Boolean(),
    /** What waited for the opening is spread over this much of the window. */
    spreadMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 720 })),
  },
  closed,
);

const FrequencyCap = Type.Object(
  {
    kind: Type.Literal('frequencyCap'),
    ...ruleFields,
    limit: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    /** Of the recipient's local calendar; a week begins on Monday. */
    calendar: Type.Optional(Type.Enum(['day', 'week', 'month'])),
    /** Any stretch of time this long: `PT1H`, `P1D`, `P7D`, or `P1M` for a month by the calendar. */
    rolling: Type.Optional(Type.String({ pattern: '^(P[1-9][0-9]?D|PT[1-9][0-9]{0,2}[HM]|P1M)$' })),
    /** Rules of a set with the same counter and key count the same messages. */
    counter: Id,
    key: Key,
    /** A place is given back when the message certainly did not leave; where this holds also when it was not delivered. */
    undeliveredGivenBackWhen: Type.Optional(PredicateField),
  },
  closed,
);

const MinInterval = Type.Object(
  {
    kind: Type.Literal('minInterval'),
    ...ruleFields,
    minutes: Type.Integer({ minimum: 1, maximum: 60 * 24 * 31 }),
    counter: Id,
    key: Key,
  },
  closed,
);

const ConsentRule = Type.Object(
  {
    kind: Type.Literal('consent'),
    ...ruleFields,
    purpose: Id,
    /** Kinds of proof that are good enough; absent: any. */
    proofs: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 20 })),
    maxAgeDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
  },
  closed,
);

const SuppressionRule = Type.Object(
  {
    kind: Type.Literal('suppression'),
    ...ruleFields,
    lists: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { minItems: 1, maxItems: 30 }),
  },
  closed,
);

const ContentRule = Type.Object(
  {
    kind: Type.Literal('content'),
    ...ruleFields,
    /** Each must be in the text in one of its forms; `{entity.name}` and `{entity.phone}` are filled in. */
    mustContain: Type.Optional(
      Type.Array(
        Type.Object({ what: Text, anyOf: Type.Array(Text, { minItems: 1, maxItems: 50 }) }, closed),
        { maxItems: 20 },
      ),
    ),
    /** Phrases that must not be in the text, whatever their case and spacing. */
    forbid: Type.Optional(Type.Array(Text, { maxItems: 200 })),
    maxSegments: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
    /** Links may lead to these hosts and those of the entity's settings only; absent: anywhere. */
    linkHosts: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 200 })),
  },
  closed,
);

const SenderIdentity = Type.Object(
  {
    kind: Type.Literal('senderIdentity'),
    ...ruleFields,
    /** `number`: a phone number; `short-code`; `entity-name`: one of the entity's names; `any-name`. */
    allow: Type.Optional(
      Type.Array(Type.Enum(['number', 'short-code', 'entity-name', 'any-name']), { minItems: 1 }),
    ),
    /** The sender must end with this, such as `-P`. */
    suffix: Type.Optional(Type.String({ minLength: 1, maxLength: 5 })),
    /** The sender must be registered with a number of registration (India's DLT). */
    registration: Type.Optional(Type.Boolean()),
  },
  closed,
);

const ProviderRule = Type.Object(
  {
    kind: Type.Literal('provider'),
    ...ruleFields,
    allow: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 100 })),
    forbid: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 100 })),
    /** Countries in which the provider may keep the data. */
    countries: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Z]{2}$' }), { maxItems: 100 })),
  },
  closed,
);

const OverrideRule = Type.Object(
  {
    kind: Type.Literal('override'),
    ...ruleFields,
    /** Rules of this set that an agreement with a person may replace; all others it can only tighten. */
    replaces: Type.Array(Id, { minItems: 1, maxItems: 50 }),
  },
  closed,
);

const RetentionRule = Type.Object(
  {
    kind: Type.Literal('retention'),
    ...ruleFields,
    /** How long the record of messages is kept: `P18M`, `P5Y`, `P90D`. */
    keep: Type.String({ pattern: '^P[1-9][0-9]{0,3}[DMY]$' }),
  },
  closed,
);

/** By kind, so that a fault in a rule is told by what its own kind asks for. */
export const RULE_KINDS = {
  timeWindow: TimeWindow,
  frequencyCap: FrequencyCap,
  minInterval: MinInterval,
  consent: ConsentRule,
  suppression: SuppressionRule,
  content: ContentRule,
  senderIdentity: SenderIdentity,
  provider: ProviderRule,
  override: OverrideRule,
  retention: RetentionRule,
} as const;

export const Rule = Type.Union([
  TimeWindow,
  FrequencyCap,
  MinInterval,
  ConsentRule,
  SuppressionRule,
  ContentRule,
  SenderIdentity,
  ProviderRule,
  OverrideRule,
  RetentionRule,
]);
export type Rule = Static<typeof Rule>;
export type RuleKind = Rule['kind'];
export type RuleOf<Kind extends RuleKind> = Extract<Rule, { kind: Kind }>;

/** An open legal question. The first value is the strict answer and the default. */
export const Switch = Type.Object(
  {
    name: Id,
    question: Text,
    values: Type.Array(Id, { minItems: 2, maxItems: 6 }),
    /** Why it is open, and who says what. */
    note: Text,
    /** How this version of the set answers it for everyone; an entity's settings go before it. */
    value: Type.Optional(Id),
  },
  closed,
);
export type Switch = Static<typeof Switch>;

const setFields = {
  id: Id,
  version: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  title: Text,
  /** ISO 3166-1, or `*` for a policy that knows no country. */
  jurisdiction: Type.String({ pattern: '^([A-Z]{2}|\\*)$' }),
  legalBasis: Type.Array(
    Type.Object({ title: Text, link: Type.Optional(Text), note: Type.Optional(Text) }, closed),
    { maxItems: 30 },
  ),
  status: Type.Enum(['draft', 'active', 'retired']),
  /** In force from the one moment up to, not including, the other. */
  effective: Type.Object({ from: Instant, to: Type.Optional(Instant) }, closed),
  onConflict: Type.Literal('strictest'),
  appliesWhen: PredicateField,
  localTime: Type.Optional(LocalTime),
  switches: Type.Array(Switch, { maxItems: 50 }),
};
const someRules = { minItems: 1, maxItems: 100 } as const;

/** A set whose rules are not looked into. */
export const RuleSetShell = Type.Object(
  { ...setFields, rules: Type.Array(Type.Unknown(), someRules) },
  closed,
);

/** A law, or a company's policy, as data: one version of it. */
export const RuleSet = Type.Object({ ...setFields, rules: Type.Array(Rule, someRules) }, closed);
export type RuleSet = Static<typeof RuleSet>;
