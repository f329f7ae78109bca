import { type Acquirer, summarise } from '#simulators/cloudpayments/acquirer';
import type { Reply } from '#simulators/kit';

const prefix = 'cloudpayments';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly text: string;
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

export function showMetrics(acquirer: Acquirer): Reply {
  const lines = metricsOf(acquirer).flatMap(({ name, samples, text, type }) => [
    `# HELP ${prefix}_${name} ${text}`,
    `# TYPE ${prefix}_${name} ${type}`,
    ...samples.map(([labels, value]) => `${prefix}_${name}${labels} ${value}`),
  ]);
  return { status: 200, type: 'text/plain; version=0.0.4', body: `${lines.join('\n')}\n` };
}

function metricsOf(acquirer: Acquirer): readonly Metric[] {
  const { callsPerSecond, clock, notifier, sites, stalls, store } = acquirer;
  const { debitedMinor, debits, refundedMinor, refunds, wrong } = summarise(store.entries);
  const counter = (name: string, text: string, value: number): Metric =>
    one('counter', name, text, value);
  const gauge = (name: string, text: string, value: number): Metric =>
    one('gauge', name, text, value);
  return [
    callsOf(acquirer),
    notificationsOf(acquirer),
    {
      ...{
        name: 'calls_at_once_max',
        type: 'gauge',
        text: 'The most calls at a time, by terminal.',
      },
      samples: [...sites.values()].map(({ mostInFlight, publicId }) => [
        `{site="${publicId}"}`,
        mostInFlight,
      ]),
    },
    gauge(
      'calls_per_second_max',
      'The most calls that any second has held.',
      callsPerSecond.highest,
    ),
    gauge(
      'notifications_at_once_max',
      'The most notifications at a time.',
      notifier.postman.mostUnderWay,
    ),
    counter('transactions_total', 'Transactions of any kind.', store.transactions.size),
    counter('debits_total', 'Times that cards were debited.', debits),
    counter('debited_minor_total', 'What cards were debited.', debitedMinor),
    counter('refunds_total', 'Refunds.', refunds),
    counter('refunded_minor_total', 'What was refunded.', refundedMinor),
    gauge(
      'wrong_invoices',
      'Orders debited more than once, or refunded beyond what was taken.',
      wrong.length,
    ),
    gauge('waiting', 'What the clock will do later.', clock.waiting),
    gauge(
      'stall_seconds_max',
      'The longest stall of the event loop: by so much a count of calls per second may be wrong.',
      stalls.max / 1e9,
    ),
  ];
}

function one(type: Metric['type'], name: string, text: string, value: number): Metric {
  return { name, type, text, samples: [['', value]] };
}

function callsOf({ counts }: Acquirer): Metric {
  const samples = [...counts].flatMap(([key, count]) => {
    const [kind, result] = key.split('\n');
    if (kind === 'notification') return [];
    return [[`{endpoint="${kind}",result="${result}"}`, count] as const];
  });
  return { name: 'calls_total', type: 'counter', text: 'Calls, by how they went.', samples };
}

function notificationsOf({ counts }: Acquirer): Metric {
  const samples = [...counts].flatMap(([key, count]) => {
    const [kind, result = ''] = key.split('\n');
    if (kind !== 'notification') return [];
    const [type, isTaken] = result.split(' ');
    return [[`{type="${type}",result="${isTaken}"}`, count] as const];
  });
  const text = 'Attempts to notify, by how they went.';
  return { name: 'notifications_total', type: 'counter', text, samples };
}
