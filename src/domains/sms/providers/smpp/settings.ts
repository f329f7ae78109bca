import { type Static, Type } from 'typebox';

const Address = Type.Object(
  {
    ton: Type.Integer({ minimum: 0, maximum: 255 }),
    npi: Type.Integer({ minimum: 0, maximum: 255 }),
  },
  { additionalProperties: false },
);

const IdBase = Type.Enum(['text', 'hex', 'decimal']);

const Fault = Type.Enum([
  ...(['throttled', 'temporary', 'unreachable', 'account'] as const),
  ...(['recipient', 'message', 'unknown'] as const),
]);

/** How a centre wants to be talked to. What the contract with it does not say is right as it stands. */
export const SmppSettings = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 253 }),
    port: Type.Integer({ minimum: 1, maximum: 65_535, default: 2775 }),
    tls: Type.Boolean({
      default: false,
      description: 'TLS from the first octet, often on port 3550.',
    }),
    tls_authority: Type.Optional(
      Type.String({
        description: 'The certificate (PEM) of the authority, where it is no public one.',
      }),
    ),
    system_id: Type.String({ maxLength: 15 }),
    system_type: Type.String({ maxLength: 12, default: '' }),
    service_type: Type.String({ maxLength: 5, default: '' }),
    address_range: Type.String({ maxLength: 40, default: '' }),
    window: Type.Integer({
      ...{ minimum: 1, maximum: 1000, default: 10 },
      description: 'Messages that wait for their answers at once.',
    }),
    response_timeout_ms: Type.Integer({ minimum: 100, maximum: 120_000, default: 10_000 }),
    wait_timeout_ms: Type.Integer({
      ...{ minimum: 10, maximum: 60_000, default: 5000 },
      description: 'How long a message may wait for room in the window.',
    }),
    enquire_link_ms: Type.Integer({ minimum: 0, maximum: 600_000, default: 30_000 }),
    long_messages: Type.Enum(['udh8', 'udh16', 'sar', 'payload'], { default: 'udh8' }),
    gsm_packing: Type.Enum(['octets', 'septets'], {
      default: 'octets',
    }),
    gsm_data_coding: Type.Integer({ minimum: 0, maximum: 255, default: 0 }),
    ucs2_data_coding: Type.Integer({ minimum: 0, maximum: 255, default: 8 }),
    incoming_alphabet: Type.Enum(['gsm', 'latin1', 'utf8'], {
      default: 'gsm',
      description: 'What data_coding 0 means in incoming messages.',
    }),
    validity: Type.Enum(['relative', 'absolute', 'none'], { default: 'relative' }),
    registered_delivery: Type.Integer({
      ...{ minimum: 0, maximum: 255, default: 1 },
      description: '1: a receipt of success and failure; 17: intermediate ones too; 0: none.',
    }),
    addresses: Type.Partial(
      Type.Object(
        {
          alphanumeric: Address,
          short: Address,
          international: Address,
          destination: Address,
        },
        { additionalProperties: false },
      ),
      { default: {} },
    ),
    message_ids: Type.Partial(
      Type.Object(
        { response: IdBase, receipt: IdBase, receipt_tlv: IdBase },
        { additionalProperties: false },
      ),
      { default: {}, description: 'In which base the same id is written where.' },
    ),
    accepted_means: Type.Enum(['accepted', 'sent', 'delivered'], {
      default: 'sent',
      description: 'What the state ACCEPTD of a receipt says.',
    }),
    unflagged_receipts: Type.Boolean({
      default: false,
      description:
        'Receipts without their flag in esm_class are taken for receipts. A customer could write one then.',
    }),
    receipt_minutes_ahead: Type.Integer({
      ...{ minimum: -720, maximum: 840, default: 0 },
      description: 'How far the clock in receipts is ahead of UTC, in minutes.',
    }),
    query: Type.Boolean({ default: false, description: 'It answers query_sm.' }),
    cancel: Type.Boolean({ default: false, description: 'It takes cancel_sm.' }),
    join_timeout_ms: Type.Integer({
      ...{ minimum: 0, maximum: 60_000, default: 4000 },
      description:
        'How long parts of an incoming message wait for the others, unacknowledged. Less than its own response timer.',
    }),
    segments_max: Type.Integer({ minimum: 1, maximum: 255, default: 10 }),
    errors: Type.Record(Type.String({ pattern: '^0x[0-9a-f]{1,8}$' }), Fault, {
      default: {},
      description: 'What its own statuses mean, such as {"0x401": "account"}.',
    }),
  },
  { additionalProperties: false },
);

export const SmppSecrets = Type.Object(
  { password: Type.String({ maxLength: 64 }) },
  { additionalProperties: false },
);

const { host, system_id, ...others } = SmppSettings.properties;

/** As a person gives them: what has a default may be left out. */
export const GivenSmppSettings = Type.Object(
  { host, system_id, ...Type.Partial(Type.Object(others)).properties },
  { additionalProperties: false },
);
export type GivenSmppSettings = Static<typeof GivenSmppSettings>;

/** With its defaults. */
export type SmppSettings = Static<typeof SmppSettings>;
export type SmppSecrets = Static<typeof SmppSecrets>;

const DEFAULTS: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(SmppSettings.properties).flatMap(([name, schema]) =>
    'default' in schema ? [[name, schema.default]] : [],
  ),
);

export function withDefaults(given: GivenSmppSettings): SmppSettings {
  return { ...(DEFAULTS as Omit<SmppSettings, 'host' | 'system_id'>), ...given };
}
