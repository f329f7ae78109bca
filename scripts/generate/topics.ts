import type { TSchema } from 'typebox';
import { accessCampaign } from '#acquisition';
import type { Group, Topic } from '#bus';
import { contentEvents, contentGroup } from '#content';
import { must } from '#errors';
import type { House } from '#house';
import { transactionLog } from '#operators';
import { chargeGroup, paymentEvents, paymentRequests, paymentResponses } from '#payments';
import { incomingSms, sendGroup, smsEvents, smsRequests } from '#sms';
import {
  firstCharges,
  mtManager,
  newSubscriptions,
  subscriptionEvents,
  subscriptionGroups,
  userActions,
} from '#subscriptions';
import type { Generator } from './generator.ts';
import { startIdleApp } from './idle-app.ts';
import { code, head, table } from './markdown.ts';

/** In place of a name: `{operator}_new_subscriptions` is every operator's. */
const OPERATOR = '{operator}';
const GATEWAY = '{gateway}';
const PROVIDER = '{provider}';

/** What the code does not say of a topic in one place. */
interface Entry {
  readonly topic: Topic<unknown>;
  readonly key: string;
  readonly from: string;
  readonly aliases?: readonly string[];
}

function entry<Payload>(topic: Topic<Payload>, more: Omit<Entry, 'topic'>): Entry {
  return { topic: topic as Topic<unknown>, ...more };
}

/** In the order of a subscription's life. */
const ENTRIES: readonly Entry[] = [
  entry(accessCampaign, {
    ...{ key: 'hit', from: 'dispatcher' },
    aliases: ['xmp_accesss_campaign'],
  }),
  entry(userActions, { key: 'hit', from: 'dispatcher' }),
  entry(newSubscriptions(OPERATOR), {
    ...{ key: 'customer', from: 'dispatcher' },
    aliases: ['mobilink_new_subscriptiins'],
  }),
  entry(firstCharges(OPERATOR), { key: 'customer', from: 'mt-manager' }),
  entry(paymentRequests(GATEWAY), { key: 'customer', from: 'mt-manager, telco (again)' }),
  entry(paymentResponses(GATEWAY), {
    ...{ key: 'customer', from: 'telco' },
    aliases: ['mobilink_response'],
  }),
  entry(smsRequests(PROVIDER), {
    ...{ key: 'recipient', from: 'mt-manager, dispatcher, telco (again)' },
    aliases: ['mobilink_sms_send'],
  }),
  entry(incomingSms(OPERATOR), { key: 'sender', from: 'dispatcher or telco' }),
  entry(mtManager, { key: 'customer of its first event', from: 'mt-manager, dispatcher' }),
  entry(transactionLog, { key: 'reference of its first entry', from: 'telco' }),
  entry(subscriptionEvents, { key: 'customer', from: 'mt-manager, dispatcher' }),
  entry(paymentEvents, { key: 'customer', from: 'telco, mt-manager, dispatcher' }),
  entry(smsEvents, { key: 'recipient or sender', from: 'all that send, telco' }),
  entry(contentEvents, { key: 'customer', from: 'dispatcher' }),
];

const INTRODUCTION = `Names are what other systems integrate with, so they do not change. \`{operator}\`, \`{gateway}\` and
\`{provider}\` stand for a name such as \`mobilink\`: an operator is all three.

Every message carries the attributes of CloudEvents 1.0 beside its payload: \`id\` (UUID version 7), \`time\`, \`source\`
(\`kopek/telco\`), \`subject\` (the key) and, where there is one, \`traceparent\`. Payloads are JSON. Amounts are integers of
minor units, numbers are E.164 with the plus, instants are ISO 8601 in UTC. A topic that no group listens to stores
nothing. No topic is ordered yet: messages of one key may pass each other, and no handler relies on their order.

A group gets each message once in effect. Of priority classes the higher is taken first, and each lower one that waits
keeps a tenth.
`;

/** Every topic with its payload, groups and key, from the values that the code publishes and consumes with. */
export const topicsReference: Generator = {
  path: 'docs/reference/topics.md',
  async generate({ database }) {
    const app = await startIdleApp(database);
    try {
      const groups = groupsOf(app.house);
      for (const group of groups) {
        const known = ENTRIES.some(({ topic }) => topic.name === group.topic.name);
        must(known, `${group.topic.name} has a line in scripts/generate/topics.ts`);
      }
      return [
        head('Topics', "the topics' schemas and groups"),
        INTRODUCTION,
        overview(groups),
        aliasesText(),
        ...ENTRIES.map(describeTopic),
      ].join('\n');
    } finally {
      await app.stop();
    }
  },
};

function groupsOf({ reports }: House): readonly Group[] {
  const charge = chargeGroup(GATEWAY) as Group;
  const send = sendGroup(PROVIDER) as Group;
  // A subscription's worker hears its operator's gateway, which has the operator's name.
  const carrier = subscriptionGroups(OPERATOR).map((group): Group => {
    const isResponse = group.topic.name === paymentResponses(OPERATOR).name;
    return isResponse ? { ...group, topic: paymentResponses(GATEWAY) as Group['topic'] } : group;
  });
  return [charge, send, ...carrier, contentGroup as Group, ...reports.groups];
}

function overview(groups: readonly Group[]): string {
  const rows = ENTRIES.map(({ from, key, topic }) => [
    `[${code(topic.name)}](#${topic.name.replaceAll(/[{}]/g, '')})`,
    from,
    groups
      .filter((group) => group.topic.name === topic.name)
      .map((group) => code(group.name))
      .join(', '),
    key,
    topic.ordered ? 'by key' : 'none',
    topic.priorities > 1 ? `${topic.priorities - 1} first … 0` : 'none',
  ]);
  return `${table(['Topic', 'From', 'Groups', 'Key', 'Order', 'Priorities'], rows)}\n`;
}

function aliasesText(): string {
  const rows = ENTRIES.flatMap(({ aliases = [], topic }) =>
    aliases.map((alias) => [code(alias), code(topic.name)]),
  );
  return [
    '## Older names\n',
    'Documents and systems that are older than Kopek use other or misspelt names for the same streams. Kopek publishes',
    'under the names above only; whoever moves here maps them so:\n',
    table(
      ['Older name', 'Here'],
      [
        ...rows,
        [
          code('mobilink_sms_response'),
          `none: what became of a message is in ${code('sms_events')} and ${code('transaction_log')}`,
        ],
      ],
    ),
    '',
  ].join('\n');
}

function describeTopic({ topic }: Entry): string {
  const schema = topic.schema as JsonSchema;
  const fields = schema.anyOf
    ? schema.anyOf.map((one) => fieldsOf(one)).join('\n\n')
    : fieldsOf(schema);
  return `## ${topic.name.replaceAll(/[{}]/g, '')}\n\n${code(topic.name)}: ${topic.description}\n\n${fields}\n`;
}

/** The part of JSON Schema that our payloads use. */
type JsonSchema = TSchema & {
  readonly type?: string;
  readonly format?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};

function fieldsOf(schema: JsonSchema): string {
  return table(['Field', 'Type', 'Meaning'], rowsOf(schema, ''));
}

function rowsOf(schema: JsonSchema, path: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const needed = schema.required?.includes(name) ?? false;
    const own = [code(path + name), `${typeOf(field)}${needed ? '' : ', may be absent'}`];
    const row = [...own, field.description ?? ''];
    return field.items ? [row, ...rowsOf(field.items, `${path}${name}[].`)] : [row];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' \\| ').replaceAll('\\|', '|');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.format === 'date-time') return 'instant';
  if (schema.items) return `list of ${typeOf(schema.items)}s`;
  return schema.type ?? 'any';
}
