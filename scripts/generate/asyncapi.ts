import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { type Group, wireOf } from '#bus';
import { must } from '#errors';
import {
  channelsOf,
  type Listed,
  listTopic,
  messageOf,
  operationsOf,
  ref,
  SERVERS,
} from './asyncapi-channels.ts';
import { headerSchemas } from './asyncapi-headers.ts';
import type { Generator } from './generator.ts';
import { startIdleApp } from './idle-app.ts';
import { groupsOf, TOPICS } from './topic-list.ts';

type Json = Readonly<Record<string, unknown>>;

const HEAD =
  "# Generated from the topics' schemas and groups by `npm run generate`: change that, not this.\n";
const DESCRIPTION = `What Kopek sends and receives where RabbitMQ or Kafka carries its bus. With neither, the same messages stay in
PostgreSQL and nobody else sees them.

Every message has the attributes of CloudEvents 1.0, in binary mode: in the headers of AMQP or Kafka. The payload is
JSON. How another system reads and writes is told in docs/operating/joining-in.md, and each topic in
docs/reference/topics.md.

- Messages of one key may pass each other, and any message may be delivered twice: go by its id.
- Retries and delayed messages do not pass through the broker: others don't see them.
- A topic that no group of Kopek listens to is not sent to a broker.
`;

/** The messages of the bus for other systems and their tools: AsyncAPI 3.0. */
export const asyncapi: Generator = {
  path: 'docs/reference/asyncapi.yaml',
  async generate({ database, root }) {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const app = await startIdleApp(database);
    try {
      return HEAD + toYaml(describeBus(groupsOf(app.house), version));
    } finally {
      await app.stop();
    }
  },
};

function describeBus(groups: readonly Group[], version: string): Json {
  const listed = TOPICS.map((entry) => {
    const own = groups.filter(({ topic }) => topic.name === entry.topic.name);
    return listTopic(
      entry,
      own.map(({ name }) => name),
    );
  });
  return {
    asyncapi: '3.0.0',
    info: {
      ...{ title: "Kopek's bus", version, description: DESCRIPTION },
      license: { name: 'MIT' },
    },
    defaultContentType: 'application/json',
    servers: servers(),
    channels: merge(listed.map(channelsOf)),
    operations: merge(listed.map(operationsOf)),
    components: components(listed),
  };
}

function servers(): Json {
  const host = { description: 'Where it listens.', default: 'localhost' };
  const rabbit = (port: string, protocol: string, title: string) => ({
    ...{ host: '{host}:{port}', pathname: '/{vhost}', protocol, protocolVersion: '0.9.1', title },
    variables: {
      ...{ host, port: { default: port } },
      vhost: { description: 'As BUS_URL names it; %2F is the default one.', default: '%2F' },
    },
    security: [ref('components/securitySchemes')('user')],
  });
  const kafka = (port: string, protocol: string, title: string) => ({
    ...{ host: '{host}:{port}', protocol, title },
    description: 'One of the brokers. Where the cluster asks for no user, there is no security.',
    variables: { host, port: { default: port } },
    security: ['plain', 'scramSha256', 'scramSha512'].map(ref('components/securitySchemes')),
  });
  const [plainRabbit, tlsRabbit] = SERVERS.amqp;
  const [plainKafka, tlsKafka] = SERVERS.kafka;
  return {
    [plainRabbit]: rabbit('5672', 'amqp', 'RabbitMQ 3.10 or newer'),
    [tlsRabbit]: rabbit('5671', 'amqps', 'RabbitMQ over TLS'),
    [plainKafka]: kafka('9092', 'kafka', 'Kafka 3 or newer'),
    [tlsKafka]: kafka('9093', 'kafka-secure', 'Kafka over TLS'),
  };
}

function components(listed: readonly Listed[]): Json {
  const [any] = TOPICS;
  must(any, 'there is a topic');
  const payloads = listed.map(({ id, topic }) => [id, topic.schema]);
  return {
    parameters: {
      operator: parameter('The operator that the customer belongs to.'),
      gateway: parameter("Who charges: an operator's gateway has its name."),
      provider: parameter("Who sends SMS: an operator's provider has its name."),
    },
    messages: Object.fromEntries(listed.map((one) => [one.id, messageOf(one)])),
    schemas: { ...headerSchemas(wireOf(any.topic, [])), ...Object.fromEntries(payloads) },
    securitySchemes: {
      user: { type: 'userPassword', description: 'A user of RabbitMQ.' },
      plain: { type: 'plain', description: 'SASL PLAIN.' },
      scramSha256: { type: 'scramSha256', description: 'SASL SCRAM-SHA-256.' },
      scramSha512: { type: 'scramSha512', description: 'SASL SCRAM-SHA-512.' },
    },
  };
}

function parameter(description: string): Json {
  return { description, default: 'mobilink' };
}

/** Throws when two have the same id. */
function merge(parts: readonly Json[]): Json {
  const entries = parts.flatMap((part) => Object.entries(part));
  const merged = Object.fromEntries(entries);
  must(Object.keys(merged).length === entries.length, 'every id of the document is its own');
  return merged;
}

/** By way of JSON, which leaves out what schemas carry for TypeScript only. */
function toYaml(document: Json): string {
  return dump(JSON.parse(JSON.stringify(document)), { noRefs: true, lineWidth: 120 });
}
