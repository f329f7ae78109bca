import assert from 'node:assert/strict';
import { after } from 'node:test';
import { startSmsProviderSimulator } from '#simulators/sms-provider';
import { createTcpProxy, eventually, temporaryFolder } from '#testing';
import { describeSmsProvider } from './describe-sms-provider.ts';
import {
  createHandsets,
  createSessions,
  newOrder,
  PATIENCE,
  secrets,
  untilReady,
} from './smpp-stage.ts';

const simulator = await startSmsProviderSimulator({
  ...{ port: 0, folder: await temporaryFolder() },
  // Nothing happens before a test says so.
  settings: { smpp: { deliverMs: { min: 3_600_000, max: 3_600_000 } } },
});
const proxy = await createTcpProxy({ host: '127.0.0.1', port: simulator.smpp.port });
await proxy.open();
const { leave, open } = createSessions(proxy.port);
const { call, inbox, scenario } = createHandsets(simulator.url);
after(async () => {
  await leave();
  await proxy.close();
  await simulator.close();
});

const settings = {
  ...{ query: true, cancel: true, errors: { '0x401': 'account', '0x403': 'recipient' } as const },
};
const { provider } = open(settings);
const impatient = open({ ...settings, response_timeout_ms: 1000 }).provider;

async function bound(): Promise<void> {
  for (const one of [provider, impatient]) await untilReady(one);
}

describeSmsProvider({
  ...{ name: 'smpp', provider, impatient, inbox, secrets: [secrets.password] },
  fates: {
    ...{ sent: 'as usual', throttled: 'as usual', temporary: 'as usual', down: 'as usual' },
    ...{ no_money: 'as usual', bad_login: 'as usual', bad_sender: 'as usual' },
    ...{ bad_text: 'as usual', bad_number: 'as usual', stop_list: 'as usual' },
    ...{ hang_before: 'as usual', hang_after: 'as usual', cut_before: 'as usual' },
    ...{ cut_after: 'as usual', garbage: 'as usual' },
    // An error of a centre is a plain no: it has not taken the message.
    error_before: ['temporary'],
  },
  async order(fate, changes) {
    await bound();
    const order = newOrder(changes);
    if (fate !== 'sent') await scenario(fate.replaceAll('_', '-'), order);
    return order;
  },
  async unreachable(work) {
    await proxy.close();
    await eventually(() => assert.ok(!provider.ready?.()), PATIENCE);
    await work(provider);
    await proxy.open();
    await bound();
  },
  async toldValidUntil({ recipient }) {
    const { messages } = await call('GET', `/messages?msisdn=${recipient.slice(1)}`);
    const [message] = messages as { readonly valid_until: string | null }[];
    return message?.valid_until ? new Date(message.valid_until) : undefined;
  },
  inquiries: {
    async orderTo(end) {
      await bound();
      const order = newOrder();
      await scenario(end, order);
      return order;
    },
    async settle() {
      await call('POST', '/control/deliver', {});
    },
    told: {
      ...{ delivered: 'delivered', undelivered: 'undelivered' },
      ...{ expired: 'expired', rejected: 'rejected' },
    },
    strangerId: '0999999999',
  },
});
