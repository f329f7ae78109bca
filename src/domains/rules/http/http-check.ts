import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError } from '#errors';
import { apiRoute, type HttpApp, Instant, MsisdnText, type Static, Type } from '#http';
import { uuidV7 } from '#ids';
import { type NumberPlan, readAnyMsisdn } from '#phone';
import { NO_SENDER } from '#rules/choose-sender';
import type { Rules } from '#rules/create-rules';
import type { Decision, RuleRequest, TraceLine } from '#rules/decision';
import { unknownProvider } from '#rules/entities';
import { Words } from '#rules/entity';
import {
  readRegion,
  readTerms,
  readTimeZone,
  spreadBy,
  VALIDITY_DEFAULT_SECONDS,
  VALIDITY_LEAST_SECONDS,
  VALIDITY_MOST_SECONDS,
} from '#rules/read-terms';
import { mustFind } from './http-entities.ts';
import {
  DecisionShape,
  decisionToApi,
  EntityKey,
  MessageClassName,
  Person,
  ProviderName,
  READ,
  type UnreachedDecision,
} from './http-shapes.ts';

export interface CheckOptions {
  readonly rules: Rules;
  readonly database: Database;
  readonly clock: Clock;
  readonly plans: () => readonly NumberPlan[];
  /** Into how many parts a text is cut on its way. Throws what sending it would. */
  readonly countSegments: (text: string) => number;
  /** Whether a provider of this name can be reached at all; all can, unless told. */
  readonly reaches?: (provider: string) => boolean;
}

/** Judged as sending does: where a recipient's own is told, that of the request does not matter. */
const Region = Type.String({ maxLength: 10 });
const TimeZone = Type.String({ maxLength: 60 });
const Reference = Type.String({ minLength: 1, maxLength: 120 });
/** Loose on purpose: what is wrong with a number is told by whoever reads it. */
const RecipientText = Type.String({ maxLength: 100 });
/** What is known of this recipient alone goes before what the request says of all. */
const Recipient = Type.Object({
  to: RecipientText,
  person: Type.Optional(Person),
  time_zone: Type.Optional(TimeZone),
  region: Type.Optional(Region),
  reference: Type.Optional(Reference),
});
/** Of no matter to the rules: taken, so that the body of `POST /v1/sms` can be asked about as it is. */
const OF_SENDING = {
  reference: Type.Optional(Reference),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 })),
  callback_url: Type.Optional(Type.String({ maxLength: 2000 })),
  secret: Type.Optional(Type.Boolean()),
};

const CheckBody = Type.Object({
  entity: EntityKey,
  class: MessageClassName,
  recipient: Type.Union([RecipientText, Recipient]),
  person: Type.Optional(Person),
  sender: Type.Optional(Words(30)),
  text: Type.String({ minLength: 1, maxLength: 20_000 }),
  providers: Type.Optional(Type.Array(ProviderName, { minItems: 1, maxItems: 20 })),
  time_zone: Type.Optional(TimeZone),
  region: Type.Optional(Region),
  tags: Type.Optional(Type.Array(Words(60), { maxItems: 50 })),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.Union([Words(500), Type.Number(), Type.Boolean()]), {
      maxProperties: 50,
    }),
  ),
  schedule_at: Type.Optional(Instant),
  validity_seconds: Type.Optional(
    Type.Integer({
      ...{ minimum: VALIDITY_LEAST_SECONDS, maximum: VALIDITY_MOST_SECONDS },
      description: 'After it the message is of no use; a day, unless told.',
    }),
  ),
  ...OF_SENDING,
});

/** `POST /v1/sms/check` and the allowance of an entity at a provider: what sending would do now. */
export function registerCheckRoutes(app: HttpApp, options: CheckOptions): void {
  const { database, rules } = options;
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/sms/check', ...READ },
    summary: 'What the rules say of a message, and why',
    description:
      'Exactly what sending it would do now; nothing is sent, and nothing is counted. It takes what `POST /v1/sms` takes of ' +
      'one recipient and a `text`. `trace` says it for people.',
    schema: { body: CheckBody, response: DecisionShape },
    handler: async ({ body }) => {
      const [decision] = await rules.check(database.pool, [requestFromApi(body, options)]);
      return decisionToApi(withReach(decision as Decision, options.reaches));
    },
  });
  allowanceRoute(app, options);
}

function requestFromApi(body: Static<typeof CheckBody>, options: CheckOptions): RuleRequest {
  const { clock, countSegments, plans } = options;
  const { to, ...own } =
    typeof body.recipient === 'string' ? { to: body.recipient } : body.recipient;
  const { person, providers, region: where, tags, text, time_zone: zone } = { ...body, ...own };
  const terms = { scheduleAt: body.schedule_at, validitySeconds: body.validity_seconds };
  const { expiresAt, notBefore } = readTerms(terms, clock.now());
  const timeZone = readTimeZone(zone);
  const region = readRegion(where);
  const asked = { class: body.class, providers };
  const sender = body.sender ?? options.rules.senderFor(body.entity, asked) ?? NO_SENDER;
  const recipient = readRecipient(to, plans());
  return {
    ...{ expiresAt, sender, spreadBy: spreadBy({ entity: body.entity, recipient }) },
    ...{ message: `check_${uuidV7(clock.nowMs())}`, entity: body.entity, class: body.class },
    ...{ channel: 'sms', recipient, body: text, segments: countSegments(text) },
    ...(person === undefined ? {} : { person }),
    ...(providers === undefined ? {} : { providers }),
    ...(region === undefined ? {} : { region }),
    ...(tags === undefined ? {} : { tags }),
    ...(body.attributes === undefined ? {} : { attributes: body.attributes }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(notBefore === null ? {} : { notBefore }),
  };
}

/** What the rules allow and nobody can bring is refused, as sending it is. */
function withReach(
  decision: Decision,
  reaches: CheckOptions['reaches'],
): Decision | UnreachedDecision {
  if (decision.outcome === 'reject' || !reaches) return decision;
  const providers = decision.providers.filter(reaches);
  if (providers.length > 0) return { ...decision, providers };
  const text = `There is no account with ${decision.providers.join(', ')}, or it is switched off`;
  const line: TraceLine = { rule: 'provider', result: 'rejects', text };
  return { outcome: 'reject', code: 'provider_unknown', trace: [...decision.trace, line] };
}

/** Here the number stands in the field `recipient`. */
function readRecipient(text: string, plans: readonly NumberPlan[]): string {
  try {
    return readAnyMsisdn(text, plans);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, faults, kind, message } = error;
    throw new AppError(kind, code, message, {
      cause: error,
      faults: faults.map((fault) => ({ ...fault, field: 'recipient' })),
    });
  }
}

function allowanceRoute(app: HttpApp, options: CheckOptions): void {
  const { clock, database, plans, rules } = options;
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/rules/entities/:key/providers/:provider/allowance', ...READ },
    summary: 'May this entity send through this provider to this number now?',
    description: 'Everything but the text is judged: ask /v1/sms/check about a whole message.',
    schema: {
      params: Type.Object({ key: EntityKey, provider: ProviderName }),
      querystring: Type.Object({
        msisdn: MsisdnText,
        class: MessageClassName,
        sender: Type.Optional(Words(30)),
        person: Type.Optional(Person),
      }),
      response: Type.Intersect([Type.Object({ allowed: Type.Boolean() }), DecisionShape]),
    },
    handler: async ({ params: { key, provider }, query }) => {
      mustFind(rules, key);
      if (!rules.providers().some(({ name }) => name === provider)) throw unknownProvider(provider);
      const request: RuleRequest = {
        ...{ message: `check_${uuidV7(clock.nowMs())}`, entity: key, class: query.class },
        ...{ channel: 'sms', recipient: readAnyMsisdn(query.msisdn, plans()) },
        ...{ providers: [provider], body: '', segments: 1 },
        expiresAt: new Date(clock.nowMs() + VALIDITY_DEFAULT_SECONDS * 1000),
        ...(query.sender === undefined ? {} : { sender: query.sender }),
        ...(query.person === undefined ? {} : { person: query.person }),
      };
      const [decision] = await rules.check(database.pool, [request], { textless: true });
      const told = decisionToApi(decision as Decision);
      return { allowed: told.outcome === 'send', ...told };
    },
  });
}
