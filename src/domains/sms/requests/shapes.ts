import { Instant, type Static, Type } from '#http';
import { VALIDITY_DEFAULT_SECONDS, VALIDITY_LEAST_SECONDS, VALIDITY_MOST_SECONDS } from '#rules';
import { MESSAGE_CLASSES } from '#rules/decision';

/** Far more than can be sent: what is too long is to hear in how many parts it would be. */
const TEXT_LENGTH_MAX = 20_000;
export const RECIPIENTS_MOST = 1000;
/** As they are registered with the rules. */
const SENDER_LENGTH_MAX = 30;
const REFERENCE_LENGTH_MAX = 120;
const URL_LENGTH_MAX = 2000;

export const EntityKey = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,39}$',
  description: 'Key of the legal entity it is sent for.',
});
export const MessageClassName = Type.Union(
  MESSAGE_CLASSES.map((name) => Type.Literal(name)),
  { description: 'What it is for: the laws ask for it first, and it is kept.' },
);
const Person = Type.String({
  ...{ minLength: 1, maxLength: 100, description: 'Who the recipient is to the entity.' },
});
const Reference = Type.String({
  ...{ minLength: 1, maxLength: REFERENCE_LENGTH_MAX },
  description:
    'Your own id of the message, one of its kind for the entity: sent again with the same content, the same answer comes again.',
});
const Variables = Type.Record(Type.String({ maxLength: 40 }), Type.String({ maxLength: 500 }));
const ProviderName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,39}$' });
/** Loose on purpose: a number that is none is the fault of one recipient, and holds up no other. */
const RecipientText = Type.String({
  maxLength: 100,
  description: 'A phone number in any usual spelling, such as +923009102250 or 0300 9102250.',
});

export const Recipient = Type.Object({
  to: RecipientText,
  reference: Type.Optional(Reference),
  person: Type.Optional(Person),
  variables: Type.Optional(Variables),
  time_zone: Type.Optional(
    Type.String({
      maxLength: 60,
      description: 'IANA zone that the recipient is in, if you know it.',
    }),
  ),
  region: Type.Optional(
    Type.String({
      maxLength: 10,
      description: 'Where the person lives, ISO 3166-2 such as RU-KAM.',
    }),
  ),
});
export type Recipient = Static<typeof Recipient>;

/** What both ways of sending have in common. */
const Content = {
  sender: Type.Optional(
    Type.String({
      ...{ minLength: 1, maxLength: SENDER_LENGTH_MAX },
      description: 'Name or number that the handset shows; left out, the first that is registered.',
    }),
  ),
  text: Type.Optional(Type.String({ maxLength: TEXT_LENGTH_MAX })),
  recipient: Type.Optional(Type.Union([RecipientText, Recipient])),
  recipients: Type.Optional(
    Type.Array(Type.Union([RecipientText, Recipient]), { minItems: 1, maxItems: RECIPIENTS_MOST }),
  ),
  reference: Type.Optional(Reference),
  schedule_at: Type.Optional(Instant),
  validity_seconds: Type.Optional(
    Type.Integer({
      ...{ minimum: VALIDITY_LEAST_SECONDS, maximum: VALIDITY_MOST_SECONDS },
      description: `Of no use that long after it was to be sent; ${VALIDITY_DEFAULT_SECONDS} unless told.`,
    }),
  ),
  priority: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2, description: '2 what a person waits for, 0 the rest.' }),
  ),
  callback_url: Type.Optional(
    Type.String({ maxLength: URL_LENGTH_MAX, description: 'Where its statuses are posted to.' }),
  ),
  secret: Type.Optional(
    Type.Boolean({ description: 'A PIN: its digits are blotted out once it has left.' }),
  ),
};

export const SendBody = Type.Object({
  entity: EntityKey,
  class: MessageClassName,
  ...Content,
  template: Type.Optional(
    Type.String({
      pattern: '^[a-z][a-z0-9_-]{0,59}$',
      description: 'A text of the entity, instead of `text`.',
    }),
  ),
  variables: Type.Optional(Variables),
  person: Type.Optional(Person),
  time_zone: Type.Optional(Type.String({ maxLength: 60 })),
  region: Type.Optional(Type.String({ maxLength: 10 })),
  tags: Type.Optional(Type.Array(Type.String({ maxLength: 60 }), { maxItems: 50 })),
  attributes: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Union([Type.String({ maxLength: 500 }), Type.Number(), Type.Boolean()]),
      { maxProperties: 50, description: 'What else rules may ask for: `attribute.amount`.' },
    ),
  ),
  providers: Type.Optional(
    Type.Array(ProviderName, {
      ...{ minItems: 1, maxItems: 20 },
      description: 'Those that may bring it, best first; left out, all that the entity may use.',
    }),
  ),
});
export type SendBody = Static<typeof SendBody>;

export const SenderBody = Type.Object({
  provider: ProviderName,
  ...Content,
  sender: Type.String({ minLength: 1, maxLength: SENDER_LENGTH_MAX }),
});
export type SenderBody = Static<typeof SenderBody>;

const State = Type.String({
  description:
    'deferred, queued, submitting, accepted, sent, delivered, undelivered, expired, rejected, cancelled, unknown',
});

export const TakenMessage = Type.Object({
  recipient: Type.String({ description: 'As you sent it.' }),
  reference: Type.Optional(Type.String()),
  sms: Type.Optional(Type.String({ description: 'sms_…; not there for one that was refused.' })),
  state: Type.Optional(State),
  reason: Type.Optional(Type.String({ description: 'Why the rules rejected it.' })),
  error: Type.Optional(
    Type.Object(
      { code: Type.String(), message: Type.String(), field: Type.Optional(Type.String()) },
      { description: 'Why it was not taken; the others were.' },
    ),
  ),
});
export const TakenMessages = Type.Object({ messages: Type.Array(TakenMessage) });

export const Message = Type.Object({
  sms: Type.String(),
  entity: Type.Optional(Type.String()),
  class: Type.Optional(Type.String()),
  kind: Type.String(),
  reference: Type.Optional(Type.String()),
  recipient: Type.String(),
  sender: Type.String(),
  text: Type.String({ description: 'Without its digits, if it was a secret and has left.' }),
  segments: Type.Optional(Type.Integer()),
  state: State,
  reason: Type.Optional(Type.String()),
  provider: Type.Optional(Type.String()),
  provider_message_id: Type.Optional(Type.String()),
  attempts: Type.Integer(),
  priority: Type.Integer(),
  cancelling: Type.Optional(Type.Boolean()),
  created_at: Instant,
  not_before: Type.Optional(Instant),
  valid_until: Type.Optional(Instant),
  sent_at: Type.Optional(Instant),
  ended_at: Type.Optional(Instant),
});

const Entry = {
  at: Instant,
  state: State,
  provider: Type.Optional(Type.String()),
  attempt: Type.Integer(),
  reason: Type.Optional(Type.String()),
  decision: Type.Optional(
    Type.Array(Type.Object({ rule: Type.String(), result: Type.String(), text: Type.String() }), {
      description: 'How the rules came to it.',
    }),
  ),
};

export const HistoryEntry = Type.Object(Entry);

export const FeedEntry = Type.Object({
  sms: Type.String(),
  recipient: Type.String(),
  entity: Type.Optional(Type.String()),
  reference: Type.Optional(Type.String()),
  segments: Type.Optional(Type.Integer()),
  ...Entry,
});
