import { setTimeout as pause } from 'node:timers/promises';
import { createSealer } from '#auth';
import { openBus } from '#bus';
import { createSharedClock } from '#clock';
import { type Config, secretOf } from '#config';
import type { Database } from '#database';
import { createIdSource } from '#ids';
import { silentLog } from '#log';
import { createMetrics } from '#metrics';
import { createOperators, type Operator } from '#operators';
import { maskMsisdn, readMsisdn } from '#phone';
import { createRules } from '#rules';
import { type OutgoingSms, openSms, prepareHouse, type Sms } from '#sms';
import type { Call, Command } from './command.ts';
import { EXIT } from './exit.ts';
import { Refusal } from './refusal.ts';
import { openRunningDatabase } from './running-database.ts';
import { mustReadConfig } from './settings.ts';

/** Known from the tool that integrators have used for years. */
const TO_DEFAULT = '923009102250';
const TEXT_DEFAULT = 'Test message';
const LIFETIME_MS = 5 * 60_000;
const POLL_INTERVAL_MS = 100;
const PATIENCE_MS = 30_000;

export const smssend: Command = {
  usage: 'smssend [--to <msisdn>] [--msg <text>]',
  help: `Sends one SMS through the operator of its number, at that operator's rate, and waits for what becomes of it.

--to       ${TO_DEFAULT} unless told
--msg      "${TEXT_DEFAULT}" unless told`,
  options: { to: { type: 'string' }, msg: { type: 'string' } },
  words: { least: 0, most: 0 },
  async run(call) {
    const config = mustReadConfig(call);
    const database = await openRunningDatabase(config, 'smssend');
    try {
      return await send(call, config, database);
    } finally {
      await database.close();
    }
  },
};

async function send({ terminal, values }: Call, config: Config, database: Database) {
  const clock = await createSharedClock(database);
  const shared = { database, clock, log: silentLog(), metrics: createMetrics() };
  const operators = await createOperators(shared);
  const bus = await openBus({ ...shared, url: config.busUrl, source: 'kopek/smssend' });
  const rules = await createRules(shared);
  const { close, sms } = await openSms({
    ...{ ...shared, bus, operators, rules, ids: createIdSource(process.pid) },
    ...{ sealer: createSealer({ secret: await secretOf(config) }), publicUrl: config.publicUrl },
  });
  await prepareHouse({ database, operators, rules });
  try {
    const message = compose(String(values.to ?? TO_DEFAULT), operators.all(), {
      body: String(values.msg ?? TEXT_DEFAULT),
      expiresAt: new Date(clock.nowMs() + LIFETIME_MS),
    });
    const [id = ''] = await database.transaction((tx) => sms.send(tx, [message]));
    terminal.out(`${id} queued for ${maskMsisdn(message.recipient)} through ${message.provider}`);
    const end = await waitForEnd(sms, id);
    terminal.out(`${id} ${end.state}${end.error ? `: ${end.error}` : ''}`);
    if (end.state === 'sent') return EXIT.done;
    if (!end.open) return EXIT.failed;
    terminal.err('It waits and will be sent later, for five minutes. Does telco run?');
    return EXIT.temporary;
  } finally {
    await close();
    rules.close();
    await bus.close();
    await operators.close();
    clock.close();
  }
}

function compose(
  to: string,
  operators: readonly Operator[],
  more: Pick<OutgoingSms, 'body' | 'expiresAt'>,
): OutgoingSms {
  if (operators.length === 0) {
    const advice = ['A start with KOPEK_DEMO=on makes one.'];
    throw new Refusal(EXIT.notFound, 'This Kopek knows no operator yet.', { advice });
  }
  let refusal: unknown;
  for (const operator of operators) {
    try {
      const recipient = readMsisdn(to, operator.plan);
      const { name: provider, shortCode: sender } = operator;
      return { provider, recipient, sender, kind: 'test', priority: 1, ...more };
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal;
}

async function waitForEnd(sms: Pick<Sms, 'find'>, id: string) {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await sms.find(id);
    const state = found?.state ?? 'unknown';
    const open = ['queued', 'claimed', 'submitting'].includes(state);
    if (!open || performance.now() > endMs) return { state, error: found?.error, open };
    await pause(POLL_INTERVAL_MS);
  }
}
