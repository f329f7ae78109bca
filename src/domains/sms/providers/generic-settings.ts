import { type Static, Type } from 'typebox';
import { commonSettings, SecretText } from './settings.ts';

/** Text with places such as `{{recipient}}`: see `template.ts`. */
const Template = Type.String({ maxLength: 2000 });
/** Names parted by dots; a number counts in a list: `messages.0.id`. */
const Path = Type.String({ minLength: 1, maxLength: 200, pattern: '^[\\w$-]+(\\.[\\w$-]+)*$' });
const Pattern = Type.String({
  ...{ minLength: 1, maxLength: 200, format: 'regex' },
  description: 'A regular expression, looked for in the answer.',
});
const Method = Type.Union([
  Type.Literal('GET'),
  Type.Literal('POST'),
  Type.Literal('PUT'),
  Type.Literal('DELETE'),
]);
const Status = Type.Integer({ minimum: 100, maximum: 599 });

const Request = {
  method: Type.Optional(Method),
  path: Type.String({
    pattern: '^/',
    maxLength: 1000,
    description: 'A template, under the base URL.',
  }),
  headers: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z0-9-]+$' }), Template)),
  format: Type.Optional(
    Type.Union([Type.Literal('json'), Type.Literal('form'), Type.Literal('none')]),
  ),
  /** JSON whose texts are templates; for a form an object of templates. */
  body: Type.Optional(Type.Unknown()),
};

const When = {
  status: Type.Optional(Status),
  pattern: Type.Optional(Pattern),
};

const Fault = Type.Union([
  Type.Literal('throttled'),
  Type.Literal('temporary'),
  Type.Literal('account'),
  Type.Literal('recipient'),
  Type.Literal('message'),
  Type.Literal('unknown'),
]);

const GenericFault = Type.Object(
  {
    ...When,
    fault: Fault,
    code: Type.Optional(Type.String({ pattern: '^[a-z0-9_]{1,40}$' })),
  },
  { additionalProperties: false },
);

const States = Type.Record(
  Type.String(),
  Type.Union([
    Type.Literal('accepted'),
    Type.Literal('sent'),
    Type.Literal('delivered'),
    Type.Literal('undelivered'),
    Type.Literal('expired'),
    Type.Literal('rejected'),
    Type.Literal('cancelled'),
    Type.Literal('not_found'),
  ]),
);

const GenericStatus = Type.Object(
  {
    ...Request,
    by: Type.Union([Type.Literal('provider_id'), Type.Literal('our_id')], {
      description: 'With our_id an unknown outcome can be asked about.',
    }),
    /** Where the message stands in the answer: itself, or the first of a list. */
    message_path: Type.Optional(Path),
    state_path: Path,
    id_path: Type.Optional(Path),
    time_path: Type.Optional(Path),
    reason_path: Type.Optional(Path),
    not_found_status: Type.Optional(Status),
    /** True: an answer without a message at `message_path` says that there is none. */
    empty_is_not_found: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const GenericCancel = Type.Object(
  {
    ...Request,
    cancelled: Type.Object(When, { additionalProperties: false }),
    too_late: Type.Optional(Type.Object(When, { additionalProperties: false })),
  },
  { additionalProperties: false },
);

const GenericCallback = Type.Object(
  {
    signature: Type.Object(
      {
        header: Type.String({ pattern: '^[A-Za-z0-9-]+$' }),
        algorithm: Type.Union([
          Type.Literal('sha256'),
          Type.Literal('sha512'),
          Type.Literal('sha1'),
        ]),
        encoding: Type.Union([Type.Literal('hex'), Type.Literal('base64')]),
        prefix: Type.Optional(Type.String({ maxLength: 20 })),
        /** What stands before the body in what is signed, such as `{{header:webhook-timestamp}}.` */
        before_body: Type.Optional(Template),
        timestamp_header: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]+$' })),
        tolerance_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
      },
      { additionalProperties: false },
    ),
    list_path: Type.Optional(Path),
    id_path: Path,
    our_id_path: Type.Optional(Path),
    state_path: Path,
    time_path: Type.Optional(Path),
    reason_path: Type.Optional(Path),
    incoming: Type.Optional(
      Type.Object(
        {
          when_path: Path,
          when_value: Type.String(),
          id_path: Type.Optional(Path),
          from_path: Path,
          to_path: Path,
          text_path: Path,
        },
        { additionalProperties: false },
      ),
    ),
    reply: Type.Optional(
      Type.Object(
        {
          status: Status,
          body: Type.String({ maxLength: 1000 }),
          content_type: Type.Optional(Type.String({ maxLength: 100 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export const GenericSettings = Type.Object(
  {
    ...commonSettings,
    base_url: Type.String({ pattern: '^https?://[^\\s?#@]+$', maxLength: 200 }),
    send: Type.Object(
      {
        ...Request,
        accepted: Type.Object(When, { additionalProperties: false }),
        id_path: Type.Optional(Path),
        segments_path: Type.Optional(Path),
        cost_path: Type.Optional(Path),
        currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
        /** The first that fits; what fits none is judged by its HTTP status. */
        faults: Type.Optional(Type.Array(GenericFault, { maxItems: 100 })),
        code_path: Type.Optional(Path),
      },
      { additionalProperties: false },
    ),
    /** `{{valid}}` is in this unit, `{{valid_until}}` a moment. */
    validity: Type.Optional(
      Type.Object(
        {
          unit: Type.Union([Type.Literal('second'), Type.Literal('minute'), Type.Literal('hour')]),
          max: Type.Optional(Type.Integer({ minimum: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    segments_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 255 })),
    letters_max: Type.Optional(Type.Integer({ minimum: 1, maximum: 20_000 })),
    status: Type.Optional(GenericStatus),
    cancel: Type.Optional(GenericCancel),
    balance: Type.Optional(
      Type.Object(
        { ...Request, amount_path: Path, currency_path: Type.Optional(Path) },
        { additionalProperties: false },
      ),
    ),
    states: Type.Optional(States),
    callback: Type.Optional(GenericCallback),
  },
  { additionalProperties: false },
);
export type GenericSettings = Static<typeof GenericSettings>;

export const GenericSecrets = Type.Object(
  {
    /** Each is `{{secret:name}}` in a template. */
    values: Type.Optional(Type.Record(Type.String({ pattern: '^\\w{1,40}$' }), SecretText)),
    callback_secret: Type.Optional(SecretText),
  },
  { additionalProperties: false },
);
export type GenericSecrets = Static<typeof GenericSecrets>;
