import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOrder } from './arguments.ts';

test('a verb alone means every service', () => {
  assert.deepEqual(parseOrder(['start']), {
    verb: 'start',
    names: ['rabbitmq', 'kafka'],
    folder: undefined,
    install: false,
    wipe: false,
  });
});

test('services are chosen by name, each once, options stand anywhere', () => {
  const order = parseOrder(['--folder', 'a b', 'start', 'kafka', '--install', 'kafka']);
  assert.deepEqual(order, {
    verb: 'start',
    names: ['kafka'],
    folder: 'a b',
    install: true,
    wipe: false,
  });
});

test('without a verb, and with --help, it is help', () => {
  for (const args of [[], ['--help'], ['help'], ['start', '--help'], ['kafka-tool']]) {
    assert.deepEqual(parseOrder(args), { verb: 'help' }, args.join(' '));
  }
});

test('what follows the name of a tool belongs to the tool', () => {
  const order = { verb: 'kafka-tool', tool: 'ConsoleConsumer' };
  assert.deepEqual(parseOrder(['kafka-tool', 'ConsoleConsumer', '--topic', 't', '--help']), {
    ...{ ...order, folder: undefined },
    args: ['--topic', 't', '--help'],
  });
  for (const before of [
    ['--folder', 'f', 'kafka-tool'],
    ['kafka-tool', '--folder', 'f'],
    ['kafka-tool', '--folder=f'],
  ]) {
    const parsed = parseOrder([...before, 'ConsoleConsumer', '--list']);
    assert.deepEqual(parsed, { ...order, args: ['--list'], folder: 'f' });
  }
});

test('what nobody can mean is refused by name', () => {
  const refusals: readonly [args: string[], message: RegExp][] = [
    [['begin'], /no begin; there are start, stop/],
    [['start', 'redis'], /no service redis; there are rabbitmq and kafka/],
    [['start', '--wipe'], /--wipe says nothing to start/],
    [['stop', '--install'], /--install says nothing to stop/],
    [['start', '--quick'], /--quick/],
    [['start', '--folder'], /--folder/],
  ];
  for (const [args, message] of refusals) {
    assert.throws(() => parseOrder(args), { name: 'ServiceFault', message }, args.join(' '));
  }
});
