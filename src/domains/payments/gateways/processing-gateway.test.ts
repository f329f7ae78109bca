import { createSystemClock } from '#clock';
import { startProcessingSimulator } from '#simulators/processing';
import { freePort, temporaryFolder } from '#testing';
import { describeCardGateway } from './card-conformance.ts';
import { newOrder } from './card-under-test.ts';
import { createProcessing, type ProcessingAccount } from './processing/index.ts';
import { accountBook, closedAfter, controlsOf } from './psp-stage.ts';

const simulator = closedAfter(
  await startProcessingSimulator({ port: 0, folder: await temporaryFolder() }),
);
const controls = controlsOf(simulator.url, 'payment');
const accounts = accountBook();

function create(settings: ProcessingAccount['settings']) {
  return closedAfter(
    createProcessing({ settings }, { name: 'processing', clock: createSystemClock() }),
  );
}

for (const able of [true, false]) {
  const settings = { inquiry: able ? 'repeatIsSafe' : 'none', refunds: able } as const;
  const base_url = simulator.url;
  describeCardGateway({
    name: `processing, which ${able ? 'knows ids' : 'knows nothing but success and error'}`,
    gateway: create({ ...settings, base_url, timeout_ms: 20_000 }),
    impatient: create({ ...settings, base_url, timeout_ms: 1500 }),
    secrets: [],
    order: async (changes) => accounts.note(newOrder('', changes)),
    declines: [
      {
        ...{ name: 'an error', reason: 'do_not_honor', class: 'temporary' },
        async order() {
          const order = accounts.note(newOrder(''));
          await controls.fault({ name: 'decline', method: order.account });
          return order;
        },
      },
    ],
    befall: controls.befall,
    recover: () => controls.call('PUT', '/settings', { tps: null }),
    debits: (payment) => controls.entries({ kind: 'debit', reference: payment }),
    credits: (payment) => controls.entries({ kind: 'credit', account: accounts.of(payment) }),
    async unreachable(work) {
      await work(create({ ...settings, base_url: `http://127.0.0.1:${await freePort()}` }));
    },
  });
}
