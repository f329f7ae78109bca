import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Broker, BrokerEngine } from '#chaos';
import { createSpan, freePort, type Lifetime, temporaryFolder } from '#testing';
import { answerOf, type Program, startKopek } from './program.ts';

export interface StartUnderTest {
  readonly engine: BrokerEngine;
  readonly broker: () => Broker;
}

const timeout = 120_000;
const STOP_LIMIT_MS = 5000;

/** A newcomer's `kopek up` with a broker: an empty folder, an embedded database, a first customer. */
export function testStart({ broker, engine }: StartUnderTest): void {
  const name = engine === 'amqp' ? 'RabbitMQ' : 'Kafka';

  test('kopek up says where its bus is, serves a customer, and starts again', {
    timeout,
  }, async (t) => {
    const { env, folder, run } = await settle(t, broker().url);
    const first = run('up');
    await first.says(/First kopek after .* kopek follow \+923009102201/);
    await first.says(new RegExp(`✓ bus +${engine} at 127\\.0\\.0\\.1:\\d+\\n`));
    // Nothing more comes by itself then.
    await first.says(/Paid\. +Follow it: +npx kopek follow --client demo/);
    assert.match(await answerOf(run('check')), new RegExp(`✓ bus +${engine} answers`));
    assert.match(await answerOf(run('bus', 'status')), new RegExp(`\\n${engine}: answers; 0 wait`));
    const follow = run('follow', '+923009102201', '--json');
    await follow.says(/"kind":"subscription\.charged"/);
    await interrupt(first);
    const second = run('up');
    await second.says(/Ctrl-C stops it/);
    await second.says(/\d+ subscriptions?, last charge \d+ (s|min) ago/);
    assert.ok(!second.text().includes('first customer'));
    await interrupt(second);
    const log = await readFile(join(folder, 'kopek.log'), 'utf8');
    assertNoSecret(env.BUS_URL, [first, second, follow].map((one) => one.text()).join('') + log);
  });

  test('kopek up without its broker says so, and the first customer waits for it', {
    timeout,
  }, async (t) => {
    const { env, folder, run } = await settle(t, broker().url);
    await broker().kill();
    const kopek = run('up');
    await kopek.says(/A first customer arrives when the bus answers/);
    await kopek.says(
      new RegExp(`! bus +${engine} at .*\\n +${name} can't be reached: .*; messages wait`),
    );
    await kopek.says(/Ctrl-C stops it|when the bus answers/);
    assert.match(await answerOf(run('check')), new RegExp(`! bus +${name} can't be reached`));
    await broker().start();
    await kopek.says(/First kopek after/);
    await interrupt(kopek);
    const log = await readFile(join(folder, 'kopek.log'), 'utf8');
    assertNoSecret(env.BUS_URL, kopek.text() + log);
  });
}

async function settle(t: Lifetime, url: string) {
  const folder = await temporaryFolder(t);
  const life = createSpan();
  t.after(() => life.end());
  const env = {
    ...{ KOPEK_DATA_DIR: folder, BUS_URL: url },
    KOPEK_PORT: String(await freePort()),
    OPERATOR_SIMULATOR_PORT: String(await freePort()),
    ERP_SIMULATOR_PORT: String(await freePort()),
    SMS_SIMULATOR_PORT: String(await freePort()),
    CARD_SIMULATOR_PORT: String(await freePort()),
    PROCESSING_SIMULATOR_PORT: String(await freePort()),
    PAYMENTS_API_PORT: String(await freePort()),
  };
  return { env, folder, run: (...args: readonly string[]) => startKopek(life, args, env) };
}

/** Ctrl-C, which npm sends twice. */
async function interrupt(kopek: Program): Promise<void> {
  const beganMs = performance.now();
  kopek.signal('SIGINT');
  kopek.signal('SIGINT');
  assert.equal(await kopek.ended, 0, kopek.text());
  assert.ok(performance.now() - beganMs < STOP_LIMIT_MS);
}

function assertNoSecret(url: string, said: string): void {
  const { password } = new URL(url);
  if (password !== '') assert.ok(!said.includes(password));
}
