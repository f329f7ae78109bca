import type { Database } from '#database';
import { readFeedCursor, writeFeedCursor } from '#feed';
import {
  apiRoute,
  type HttpApp,
  idempotentRoute,
  MsisdnText,
  PageQuery,
  pageOf,
  pageSchema,
  readCursor,
  type SendableOf,
  Type,
} from '#http';
import type { NumberPlan } from '#phone';
import { NO_SENDER, type Rules } from '#rules';
import type { Sms } from '#sms/create-sms';
import { fail } from '#sms/errors';
import type { EventRow } from '#sms/event-store';
import { ownReference, parseSmsId, SHOWN_STATES, shownState, shownText, smsId } from '#sms/message';
import type { SmsRow } from '#sms/message-store';
import { type FeedRow, readFeed } from './feed-store.ts';
import { invalid } from './message-text.ts';
import { readRecipient, type Wish } from './read-messages.ts';
import {
  EntityKey,
  FeedEntry,
  HistoryEntry,
  Message,
  RECIPIENTS_MOST,
  type SendBody,
  SendBody as SendBodySchema,
  type SenderBody,
  SenderBody as SenderBodySchema,
  TakenMessages,
} from './shapes.ts';
import { takeRequest } from './take-request.ts';
import { findTemplates } from './template-store.ts';

export interface SmsRoutesOptions {
  readonly sms: Sms;
  readonly rules: Rules;
  readonly database: Database;
  readonly plans: () => readonly NumberPlan[];
}

/** A thousand recipients with their variables. */
const BODY_BYTES_MAX = 1024 * 1024;
const TAG = 'sms';
const Params = Type.Object({ id: Type.String({ maxLength: 60 }) });

/** `/v1/sms`: send, show, list, take back; everything goes through the rules. */
export function registerSmsRoutes(app: HttpApp, options: SmsRoutesOptions): void {
  const { sms } = options;
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/sms', tag: TAG, scope: 'sms:send', status: 202 },
    summary: 'Send one message or many',
    description:
      `One text to one recipient or up to ${RECIPIENTS_MOST}. Each recipient gets its own answer: what is wrong with one ` +
      'does not hold up the others. The rules decide at once whether it may go, has to wait, or must not be sent, and ' +
      'again at the moment of sending. Name each message by a `reference`, or the request by an `Idempotency-Key`: sent ' +
      'again, the same messages answer, and nothing leaves twice. Statuses go to `callback_url`, to webhooks, and into ' +
      'the feed at `/v1/sms/events`.',
    bodyBytesMax: BODY_BYTES_MAX,
    schema: { body: SendBodySchema, response: TakenMessages },
    handler: (call) => takeRequest(options, call, () => toWish(options, call.body)),
  });
  registerReads(app, options);
  idempotentRoute(app, {
    ...{ url: '/v1/sms/:id/cancel', tag: TAG, scope: 'sms:send', status: 202 },
    summary: 'Take a message back',
    description:
      'Before it left it is cancelled at once. On its way its provider is asked to drop it, where that can be asked: its ' +
      'status tells later. What has ended is refused (409 `sms_ended`).',
    schema: { params: Params, response: Message },
    handler: async ({ params, tx }) => toApi(await sms.cancel(tx, params.id)),
  });
}

/** `POST /v1/sender/messages`: for systems that have their own rules and only want it sent. */
export function registerSenderRoutes(app: HttpApp, options: SmsRoutesOptions): void {
  const { sms } = options;
  apiRoute(app, {
    ...{ method: 'POST', url: '/v1/sender/messages', tag: 'sender', scope: 'sender:send' },
    status: 202,
    summary: 'Hand a message to a provider',
    description:
      'The sender alone: the provider is named, and no rule is asked. Whoever calls it answers for the law. Its statuses ' +
      'go to `callback_url`.',
    bodyBytesMax: BODY_BYTES_MAX,
    schema: { body: SenderBodySchema, response: TakenMessages },
    handler: (call) =>
      takeRequest(options, call, async () => toSenderWish(call.body, call.principal.id)),
  });
  apiRoute(app, {
    ...{ method: 'GET', url: '/v1/sender/messages/:id', tag: 'sender', scope: 'sender:send' },
    summary: 'Show a message that was handed to a provider',
    schema: { params: Params, response: Message },
    handler: async ({ params, principal }) => {
      const row = await mustFind(sms, params.id);
      // Each caller sees its own.
      if (row.origin !== 'sender' || row.entity !== principal.id) throw unknown(params.id);
      return toApi(row);
    },
  });
}

async function toWish({ database, rules }: SmsRoutesOptions, body: SendBody): Promise<Wish> {
  if ((body.text === undefined) === (body.template === undefined))
    throw invalid('text', 'or a template: one of them, and not both');
  if (body.template === undefined && body.variables !== undefined)
    throw invalid('variables', 'belong to a template: there is none in this request');
  const text = body.text ?? (await templateOf(database, body.entity, body.template ?? ''));
  const asked = { class: body.class, providers: body.providers };
  // Where nobody is registered it is the rules' to refuse, with a trace.
  const sender = body.sender ?? rules.senderFor(body.entity, asked) ?? NO_SENDER;
  return {
    ...common(body),
    ...{ origin: 'api', entity: body.entity, class: body.class, sender, text },
    isTemplate: body.template !== undefined,
    variables: body.variables ?? {},
    ...{ person: body.person, timeZone: body.time_zone, region: body.region, tags: body.tags },
    attributes: body.attributes,
    wanted: body.providers,
  };
}

function toSenderWish(body: SenderBody, caller: string): Wish {
  if (body.text === undefined) throw invalid('text', 'is missing');
  return {
    ...common(body),
    ...{ origin: 'sender', entity: caller, class: 'service', sender: body.sender },
    ...{ text: body.text, isTemplate: false, variables: {} },
    ...{ person: undefined, timeZone: undefined, region: undefined, tags: undefined },
    attributes: undefined,
    wanted: [body.provider],
  };
}

function common(body: SendBody | SenderBody) {
  const { recipient, recipients } = body;
  if ((recipient === undefined) === (recipients === undefined))
    throw invalid('recipient', 'or recipients: one of them, and not both');
  return {
    recipients: recipients ?? (recipient === undefined ? [] : [recipient]),
    reference: body.reference,
    scheduleAt: body.schedule_at === undefined ? undefined : String(body.schedule_at),
    validitySeconds: body.validity_seconds,
    priority: body.priority,
    callbackUrl: body.callback_url,
    secret: body.secret ?? false,
  };
}

async function templateOf(database: Database, entity: string, name: string): Promise<string> {
  const [template] = await findTemplates(database.pool, [{ entity, name }]);
  if (template) return template.body;
  throw fail('template_unknown', `${entity} has no text called ${name}.`, {
    faults: [{ field: 'template', message: 'is none of its texts' }],
  });
}

function registerReads(app: HttpApp, { database, plans, sms }: SmsRoutesOptions): void {
  const common = { method: 'GET', tag: TAG, scope: 'sms:read' } as const;
  apiRoute(app, {
    ...{ ...common, url: '/v1/sms' },
    summary: 'List messages',
    description: 'The newest first; of one entity, number or state, or all.',
    schema: {
      querystring: Type.Object({
        entity: Type.Optional(EntityKey),
        recipient: Type.Optional(MsisdnText),
        state: Type.Optional(Type.Union(SHOWN_STATES.map((state) => Type.Literal(state)))),
        ...PageQuery.properties,
      }),
      response: pageSchema(Message),
    },
    handler: async ({ query }) => {
      const rows = await sms.list({
        entity: query.entity ?? null,
        recipient: query.recipient === undefined ? null : readRecipient(query.recipient, plans()),
        state: query.state ?? null,
        before: query.cursor === undefined ? null : readPlace(query.cursor),
        limit: query.limit + 1,
      });
      return pageOf(rows, query.limit, { item: toApi, positionOf: ({ id }) => [smsId(id)] });
    },
  });
  registerFeed(app, database);
  apiRoute(app, {
    ...{ ...common, url: '/v1/sms/:id' },
    summary: 'Show a message',
    schema: { params: Params, response: Message },
    handler: async ({ params }) => toApi(await mustFind(sms, params.id)),
  });
  apiRoute(app, {
    ...{ ...common, url: '/v1/sms/:id/history' },
    summary: 'Show what became of a message',
    description:
      'Every state it was in, oldest first, with the decisions of the rules as sentences.',
    schema: { params: Params, response: Type.Object({ items: Type.Array(HistoryEntry) }) },
    handler: async ({ params }) => {
      await mustFind(sms, params.id);
      return { items: (await sms.history(database.pool, params.id)).map(toEntry) };
    },
  });
}

function readPlace(cursor: string): bigint {
  const [id = ''] = readCursor(cursor, 1);
  return parseSmsId(id, 'cursor');
}

const FEED_MOST = 1000;

function registerFeed(app: HttpApp, database: Database): void {
  apiRoute(app, {
    ...{ method: 'GET', tag: TAG, scope: 'sms:read', url: '/v1/sms/events' },
    summary: 'Follow what becomes of messages',
    description:
      'Every status of every message, in an order that never changes: keep `cursor` and ask again with it, and you miss ' +
      'nothing and get nothing twice. There is no last page: an empty one says that nothing is new.',
    schema: {
      querystring: Type.Object({
        after: Type.Optional(
          Type.String({ maxLength: 200, description: '`cursor` of the page before.' }),
        ),
        entity: Type.Optional(EntityKey),
        limit: Type.Integer({ minimum: 1, maximum: FEED_MOST, default: 100 }),
      }),
      response: Type.Object({ items: Type.Array(FeedEntry), cursor: Type.String() }),
    },
    handler: async ({ query }) => {
      const position = readFeedCursor(query.after);
      const rows = await readFeed(database.pool, {
        ...{ position, entity: query.entity ?? null, limit: query.limit },
      });
      const last = rows.at(-1);
      const next = last ? { transaction: BigInt(last.xid), id: last.id } : position;
      return { items: rows.map(toFeedEntry), cursor: writeFeedCursor(next) };
    },
  });
}

function toFeedEntry(row: FeedRow): SendableOf<typeof FeedEntry> {
  const reference = ownReference(row);
  return {
    ...{ sms: smsId(row.message_id), recipient: row.recipient, ...toEntry(row) },
    ...(row.entity === null || row.origin === 'sender' ? {} : { entity: row.entity }),
    ...(reference === null ? {} : { reference }),
    ...(row.segments === null ? {} : { segments: row.segments }),
  };
}

async function mustFind(sms: Sms, id: string): Promise<SmsRow> {
  const row = await sms.find(id);
  if (row) return row;
  throw unknown(id);
}

const unknown = (id: string) => fail('sms_unknown', `There is no message ${id}.`);

export function toApi(row: SmsRow): SendableOf<typeof Message> {
  const optional = {
    // Of what is handed to a sender nobody but its caller knows for whom and what for it is.
    ...(row.origin === 'sender' ? {} : { entity: row.entity, class: row.class }),
    reference: ownReference(row),
    segments: row.segments,
    reason: row.error,
    provider: row.provider === '' ? null : row.provider,
    provider_message_id: row.provider_message_id,
    not_before: row.state === 'deferred' ? row.not_before : null,
    valid_until: row.valid_until,
    sent_at: row.sent_at,
    ended_at: row.closed_at,
  };
  return {
    ...{ sms: smsId(row.id), kind: row.kind, recipient: row.recipient, sender: row.sender },
    ...{ text: shownText(row), state: shownState(row.state), attempts: row.attempts },
    ...{ priority: row.priority, created_at: row.created_at },
    ...(row.cancel_asked_at === null ? {} : { cancelling: true }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  };
}

function toEntry(event: EventRow): SendableOf<typeof HistoryEntry> {
  return {
    ...{ at: event.at, state: shownState(event.state), attempt: event.attempt },
    ...(event.provider === '' ? {} : { provider: event.provider }),
    ...(event.reason === null ? {} : { reason: event.reason }),
    ...(event.trace === null ? {} : { decision: JSON.parse(event.trace) }),
  };
}
