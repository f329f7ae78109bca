import { Instant, type Static, Type } from '#http';
import type { Decision } from '#rules/decision';
import { MESSAGE_CLASSES, WindowsByDay } from '#rules/decision';
import { type AllowedPair, type LegalEntity, type Provider, Words } from '#rules/entity';

export const TAG = { tag: 'sending rules' } as const;
export const READ = { scope: 'rules:read', ...TAG } as const;
export const WRITE = { scope: 'rules:write', ...TAG } as const;

/** One of these words. */
export const oneOf = <Word extends string>(words: readonly Word[]) => Type.Enum(words);

export const EntityKey = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,39}$',
  description: 'Key of a legal entity: letters a-z, digits and dashes.',
});
export const ProviderName = Type.String({
  pattern: '^[a-z][a-z0-9_-]{0,39}$',
  description: 'Name of a provider.',
});
export const ListName = Type.String({
  pattern: '^[a-z][a-z0-9_]{0,39}$',
  description: 'Such as stop, operator_refusal, dnd, bankruptcy.',
});
export const SetId = Type.String({ pattern: '^[a-z][a-z0-9-]{0,59}$' });
export const MessageClassName = oneOf(MESSAGE_CLASSES);
export const Person = Words(100);

const closed = { additionalProperties: false } as const;
export const SettingsShape = Type.Object(
  {
    names: Type.Optional(
      Type.Array(Words(200), {
        maxItems: 20,
        description: 'Short forms and brands that people know it by.',
      }),
    ),
    phone: Type.Optional(Words(40)),
    zone: Type.Optional(
      Type.String({
        maxLength: 60,
        description: 'IANA zone: the last source of a recipient’s local time.',
      }),
    ),
    standard_time: Type.Optional(WindowsByDay),
    switches: Type.Optional(
      Type.Record(Type.String(), Type.String({ maxLength: 60 }), {
        description:
          'Answers to open legal questions: `set/switch` → value. Absent: the strict one.',
      }),
    ),
    link_hosts: Type.Optional(Type.Array(Words(253), { maxItems: 200 })),
  },
  closed,
);

export const EntityShape = Type.Object({
  entity: Type.String(),
  name: Type.String(),
  creditor_group: Type.String({
    description: 'Entities of one group count together where a law counts by creditor.',
  }),
  active: Type.Boolean(),
  settings: SettingsShape,
});

export function entityToApi({ active, creditorGroup, key, name, settings }: LegalEntity) {
  const { linkHosts, standardTime, ...rest } = settings;
  return {
    ...{ entity: key, name, creditor_group: creditorGroup, active },
    settings: {
      ...rest,
      ...(standardTime === undefined ? {} : { standard_time: standardTime }),
      ...(linkHosts === undefined ? {} : { link_hosts: linkHosts }),
    },
  };
}

export function settingsFromApi(settings: Static<typeof SettingsShape>): LegalEntity['settings'] {
  const { link_hosts: linkHosts, standard_time: standardTime, ...rest } = settings;
  return {
    ...rest,
    ...(standardTime === undefined ? {} : { standardTime }),
    ...(linkHosts === undefined ? {} : { linkHosts }),
  };
}

export const ProviderShape = Type.Object({
  provider: Type.String(),
  title: Type.String(),
  enabled: Type.Boolean(),
  country: Type.Union([Type.String(), Type.Null()], {
    description: 'Where it keeps its data (ISO 3166-1), if known.',
  }),
});

export function providerToApi({ country = '', enabled, name, title }: Provider) {
  return { provider: name, title, enabled, country: country === '' ? null : country };
}

export const SenderShape = Type.Object({
  sender: Words(30),
  classes: Type.Optional(Type.Array(MessageClassName, { minItems: 1, maxItems: 6 })),
  registration: Type.Optional(Words(100)),
  since: Type.Optional(Instant),
  until: Type.Optional(Instant),
});

export const PairShape = Type.Object({
  entity: Type.String(),
  provider: Type.String(),
  rank: Type.Integer({ description: 'The lower is tried first.' }),
  senders: Type.Array(SenderShape),
  since: Type.Union([Instant, Type.Null()]),
  until: Type.Union([Instant, Type.Null()]),
});

export function pairToApi({ entity, provider, rank, senders, since, until }: AllowedPair) {
  return { entity, provider, rank, senders, since: since ?? null, until: until ?? null };
}

export const DecisionShape = Type.Object({
  outcome: oneOf(['send', 'defer', 'reject'] as const),
  code: Type.Optional(Type.String({ description: 'Why it is rejected.' })),
  not_before: Type.Optional(Instant),
  valid_until: Type.Optional(Instant),
  providers: Type.Optional(
    Type.Array(Type.String(), { description: 'In the order in which they are to be tried.' }),
  ),
  trace: Type.Array(
    Type.Object({
      rule: Type.String({ description: 'set@version/rule' }),
      result: Type.String(),
      text: Type.String(),
      until: Type.Optional(Instant),
    }),
    { description: 'The way to the decision, for a person to read.' },
  ),
});

/** Allowed by the rules, with nobody to bring it. */
export interface UnreachedDecision {
  readonly outcome: 'reject';
  readonly code: 'provider_unknown';
  readonly trace: Decision['trace'];
}

export function decisionToApi(decision: Decision | UnreachedDecision) {
  const trace = decision.trace.map(({ result, rule, text, until }) => ({
    ...{ rule, result, text },
    ...(until === undefined ? {} : { until }),
  }));
  switch (decision.outcome) {
    case 'send': {
      const { outcome, providers, validUntil } = decision;
      return { outcome, valid_until: validUntil, providers: [...providers], trace };
    }
    case 'defer': {
      const { notBefore, outcome, providers, validUntil } = decision;
      return {
        ...{ outcome, not_before: notBefore, valid_until: validUntil },
        ...{ providers: [...providers], trace },
      };
    }
    case 'reject':
      return { outcome: decision.outcome, code: decision.code, trace };
  }
}
