import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import { load } from 'js-yaml';
import { TOPICS } from './topic-list.ts';

const FILE = join(import.meta.dirname, '../../docs/reference/asyncapi.yaml');

type Node = Record<string, unknown>;
const document = load(await readFile(FILE, 'utf8')) as Node;

/** The JSON schema that the makers of AsyncAPI publish; the judge knows the schema of schemas itself. */
async function specification(): Promise<Node> {
  const path = fileURLToPath(import.meta.resolve('@asyncapi/specs/schemas/3.0.0.json'));
  const { definitions, ...rest } = JSON.parse(await readFile(path, 'utf8'));
  const { 'http://json-schema.org/draft-07/schema': _, ...own } = definitions;
  return { ...rest, definitions: own };
}

function judge(): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  return ajv;
}

function at(pointer: string): unknown {
  const steps = pointer.slice('#/'.length).split('/');
  return steps.reduce<unknown>((node, step) => (node as Node | undefined)?.[step], document);
}

function* references(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref') yield String(value);
    else yield* references(value);
  }
}

const told = (errors: readonly ErrorObject[] | null | undefined) =>
  (errors ?? []).slice(0, 5).map(({ instancePath, message }) => `${instancePath} ${message}`);

test('it is what the schema of AsyncAPI 3.0 demands', async () => {
  const isValid = judge().compile(await specification());
  assert.equal(isValid(document), true, told(isValid.errors).join('\n'));
  const broken = { ...document, channels: { one: { address: 1 } } };
  assert.equal(isValid(broken), false, 'and the schema does look at it');
});

test('every reference leads somewhere within it', () => {
  const all = [...references(document)];
  assert.ok(all.length > 100);
  assert.deepEqual(
    all.filter((one) => at(one) === undefined),
    [],
  );
});

test('every topic has a channel of its name, a message, a payload, and somebody who sends it', () => {
  const channels = Object.values(document.channels as Record<string, Node>);
  const operations = Object.values(document.operations as Record<string, Node>);
  for (const { topic } of TOPICS) {
    const channel = channels.find(({ address }) => address === topic.name);
    assert.ok(channel, topic.name);
    const [message] = [...references(channel.messages)].map((one) => at(one) as Node);
    const [payload] = [...references(message?.payload)].map(at);
    assert.deepEqual(payload, JSON.parse(JSON.stringify(topic.schema)), topic.name);
    const sends = operations
      .filter(({ action }) => action === 'send')
      .flatMap((one) => [...references(one.channel)]);
    assert.ok(
      sends.some((one) => at(one) === channel),
      topic.name,
    );
  }
});

test('a topic with priorities is one exchange with a queue for each, and as many topics of Kafka', () => {
  const channels = document.channels as Record<string, { address: string; bindings: Node }>;
  const names = Object.keys(channels).filter((name) => name.startsWith('gateway_requests'));
  assert.deepEqual(names, [
    'gateway_requests',
    ...['gateway_requests.p2', 'gateway_requests.p1', 'gateway_requests.p0'],
    ...['gateway_requests.telco.p2', 'gateway_requests.telco.p1', 'gateway_requests.telco.p0'],
    // Operators are charged by telco, cards by state-machine: of one gateway one of them is there.
    ...['p2', 'p1', 'p0'].map((priority) => `gateway_requests.state-machine.${priority}`),
  ]);
  const kinds = names.map((name) => Object.keys(channels[name]?.bindings ?? {}).join());
  assert.deepEqual(kinds, [
    'amqp',
    'kafka',
    'kafka',
    'kafka',
    'amqp',
    'amqp',
    'amqp',
    ...['amqp', 'amqp', 'amqp'],
  ]);
  const last = channels['gateway_requests.telco.p0']?.bindings.amqp as Node;
  assert.deepEqual(last['x-bound-by'], ['p0', '']);
});

test('its payloads judge messages by themselves', () => {
  const isValid = judge().compile(at('#/components/schemas/operator_mo') as Node);
  const stop = {
    ...{ id: '1', operator: 'mobilink', msisdn: '+923001234567', short_code: '4040' },
    ...{ text: 'STOP', at: '2026-11-20T09:00:00Z' },
  };
  assert.equal(isValid(stop), true, told(isValid.errors).join('\n'));
  assert.equal(isValid({ ...stop, msisdn: '03001234567' }), false);
  assert.equal(isValid({ ...stop, at: 'yesterday' }), false);
});
