import type { Group } from '#bus';
import type { Generator } from './generator.ts';
import { startIdleApp } from './idle-app.ts';
import { code, head, table } from './markdown.ts';
import { bareName, groupsOf, type JsonSchema, TOPICS, type TopicEntry } from './topic-list.ts';

const INTRODUCTION = `Names are what other systems integrate with, so they do not change. \`{operator}\`, \`{gateway}\` and
\`{provider}\` stand for a name such as \`mobilink\`: an operator is all three.

Every message carries the attributes of CloudEvents 1.0 beside its payload: \`id\` (UUID version 7), \`time\`, \`source\`
(\`kopek/telco\`), \`subject\` (the key) and, where there is one, \`traceparent\`. Payloads are JSON. Amounts are integers of
minor units, numbers are E.164 with the plus, instants are ISO 8601 in UTC. A topic that no group listens to stores
nothing. Messages of one key may pass each other where the table says no order, and no handler relies on it.

Where the attributes stand on RabbitMQ and Kafka, and how another system reads and writes, is told in
[joining in](../operating/joining-in.md); [asyncapi.yaml](asyncapi.yaml) has all of this for tools.

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
      return [
        head('Topics', "the topics' schemas and groups"),
        INTRODUCTION,
        overview(groups),
        aliasesText(),
        ...TOPICS.map(describeTopic),
      ].join('\n');
    } finally {
      await app.stop();
    }
  },
};

function overview(groups: readonly Group[]): string {
  const rows = TOPICS.map(({ from, key, topic }) => [
    `[${code(topic.name)}](#${anchorOf(topic.name)})`,
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

/** As GitHub makes it of the heading. */
function anchorOf(name: string): string {
  return bareName(name).replaceAll('.', '');
}

function aliasesText(): string {
  const rows = TOPICS.flatMap(({ aliases = [], topic }) =>
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

function describeTopic({ topic }: TopicEntry): string {
  const schema = topic.schema as JsonSchema;
  const fields = schema.anyOf
    ? schema.anyOf.map((one) => fieldsOf(one)).join('\n\n')
    : fieldsOf(schema);
  return `## ${bareName(topic.name)}\n\n${code(topic.name)}: ${topic.description}\n\n${fields}\n`;
}

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
