import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { load } from 'js-yaml';

const FILE = join(import.meta.dirname, '../../docs/reference/asyncapi.yaml');
/** The demo's operator, gateway and provider. */
const NAME = 'mobilink';

type Json = Record<string, unknown>;

export interface Exchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly routingKeys: readonly string[];
}

export interface Queue {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly type: string;
  readonly singleActiveConsumer: boolean;
}

export interface Log {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** All that another system knows of us: `asyncapi.yaml`, as it is published. */
export interface BusDocument {
  readonly exchanges: readonly Exchange[];
  readonly queues: readonly Queue[];
  readonly logs: readonly Log[];
  readonly consumerGroups: readonly string[];
  /** What is wrong with a message of `topic` that stood on that broker; empty when nothing is. */
  judge(broker: 'amqp' | 'kafka', message: Seen): readonly string[];
}

export interface Seen {
  /** By its attribute `type`. */
  readonly topic: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly payload: unknown;
}

/** Topics on which a subscription and its end say nothing. */
export const UNTOUCHED =
  /^(?:billing-payout\.|payout_events$|payments$|payment_commands$|payment_disputes$)/;

/** Who hears of cards: their gateways are no operators, and none of these runs here. */
export const OF_CARDS = /(?:state-machine|saver|processor|notifier)/;

interface Channel {
  readonly address: string;
  readonly bindings: { readonly amqp?: Json; readonly kafka?: Json };
}

interface Operation {
  readonly bindings: { readonly kafka?: { readonly groupId?: { readonly const: string } } };
}

export async function readBusDocument(): Promise<BusDocument> {
  const text = (await readFile(FILE, 'utf8')).replaceAll(/{(?:operator|gateway|provider)}/g, NAME);
  const document = load(text) as Json;
  const channels = Object.values(document.channels as Record<string, Channel>);
  const operations = Object.values(document.operations as Record<string, Operation>);
  const amqp = channels.flatMap(({ bindings }) => (bindings.amqp ? [bindings.amqp] : []));
  const judges = openJudges(document);
  return {
    exchanges: amqp.flatMap((binding) =>
      binding.is === 'routingKey'
        ? [
            {
              ...(binding.exchange as Exchange),
              routingKeys: binding['x-routing-keys'] as string[],
            },
          ]
        : [],
    ),
    queues: amqp.flatMap((binding) =>
      binding.is === 'queue'
        ? [
            {
              ...{ ...(binding.queue as Queue), type: String(binding['x-queue-type']) },
              singleActiveConsumer: binding['x-single-active-consumer'] === true,
            },
          ]
        : [],
    ),
    logs: channels.flatMap(({ address, bindings: { kafka } }) =>
      kafka
        ? [
            {
              ...{ topic: address, partitions: Number(kafka.partitions) },
              settings: kafka.topicConfiguration as Json,
            },
          ]
        : [],
    ),
    consumerGroups: operations.flatMap(({ bindings: { kafka } }) =>
      kafka?.groupId ? [kafka.groupId.const] : [],
    ),
    judge: (broker, { headers, payload, topic }) => [
      ...findings(judges(`${broker}Headers`), headers),
      ...findings(judges(topic), payload),
    ],
  };
}

function openJudges(document: Json): (name: string) => ValidateFunction {
  const { schemas, messages } = document.components as Record<string, Record<string, Json>>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const known = new Map<string, ValidateFunction>();
  return (name) => {
    // Messages are called by their topic, schemas by an id.
    const [id = name] =
      Object.entries(messages ?? {}).find(([, message]) => message.name === name) ?? [];
    const judge = known.get(id) ?? ajv.compile(schemas?.[id] ?? false);
    known.set(id, judge);
    return judge;
  };
}

function findings(judge: ValidateFunction, value: unknown): string[] {
  if (judge(value)) return [];
  return (judge.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
