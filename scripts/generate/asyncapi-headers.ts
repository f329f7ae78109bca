import type { Wire } from '#bus';
import { must } from '#errors';

type Json = Readonly<Record<string, unknown>>;

/** How each header begins that carries an attribute of CloudEvents. */
const PREFIXES = { amqp: 'cloudEvents_', kafka: 'ce_' } as const;
const OPTIONAL: ReadonlySet<string> = new Set(['traceparent']);

const ATTRIBUTES: Readonly<Record<string, Json>> = {
  specversion: { type: 'string', const: '1.0' },
  id: {
    ...{ type: 'string', format: 'uuid' },
    description: 'UUID version 7: the same however often the message is delivered.',
  },
  type: { type: 'string', description: "The topic's name." },
  source: {
    type: 'string',
    description: 'The processes that published it.',
    examples: ['kopek/telco'],
  },
  subject: { type: 'string', description: 'The key: what groups messages that belong together.' },
  time: { type: 'string', format: 'date-time', description: 'When it was published.' },
  traceparent: { type: 'string', description: 'W3C Trace Context, where there is one.' },
};

const OTHERS: Readonly<Record<string, Json>> = {
  'content-type': { type: 'string', const: 'application/json' },
  kopek_origin: {
    type: 'string',
    description: 'Which installation sent it. Nobody else sets it.',
  },
  kopek_number: {
    ...{ type: 'string', pattern: '^\\d+/\\d+$' },
    description:
      "The lane and number of the relay's sending: what was sent twice has the same. Nobody else sets it.",
  },
};

/** The headers that Kopek writes, as it writes them. Throws when one has no description here. */
export function headerSchemas({ amqp, kafka }: Wire): Readonly<Record<string, Json>> {
  return {
    headers: {
      description: 'As they stand on RabbitMQ, or on Kafka.',
      anyOf: [
        { $ref: '#/components/schemas/amqpHeaders' },
        { $ref: '#/components/schemas/kafkaHeaders' },
      ],
    },
    amqpHeaders: {
      description:
        'Headers of AMQP 0-9-1, by the AMQP binding of CloudEvents in binary mode. The properties say it again: ' +
        '`message-id` is the id, `type` the topic, `timestamp` the time in whole seconds.',
      ...schemaOf(amqp.headers, PREFIXES.amqp),
    },
    kafkaHeaders: {
      description: 'Headers of a record, by the Kafka binding of CloudEvents in binary mode.',
      ...schemaOf(kafka.headers, PREFIXES.kafka),
    },
  };
}

function schemaOf(names: readonly string[], prefix: string): Json {
  const properties = names.map((name): readonly [string, Json] => {
    const attribute = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    const schema = attribute === undefined ? OTHERS[name] : ATTRIBUTES[attribute];
    must(schema, `the header ${name} has a line in scripts/generate/asyncapi-headers.ts`);
    return [name, schema];
  });
  const optional = [...OPTIONAL].map((name) => prefix + name);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: names.filter((name) => !optional.includes(name)),
  };
}
