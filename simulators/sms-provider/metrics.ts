import { json, type Reply } from '#simulators/kit';
import { providerNames, type SmsCentre } from '#simulators/sms-provider/centre';

/** What was counted, for a test to read. */
export function showStats(centre: SmsCentre): Reply {
  const { ledger, receipts } = centre;
  const providers = Object.fromEntries(
    providerNames.map((name) => [
      name,
      {
        calls_per_second_max: centre.gateOf(name).arrived.highest,
        balance_minor: centre.balanceOf(name) ?? null,
        calls: callsOf(centre, name),
      },
    ]),
  );
  return json(200, {
    ...{ accepted: ledger.messages.length, received: ledger.received.length },
    ...{ incoming: ledger.incoming.length, unheard: ledger.unheard.length },
    ...{ waiting: receipts.waiting, receipts_taken: receipts.taken },
    ...{ receipts_given_up: receipts.givenUp, stall_seconds_max: centre.stalls.longestSeconds },
    providers,
  });
}

export function showMetrics(centre: SmsCentre): Reply {
  const { ledger, receipts } = centre;
  const calls = [...centre.calls].map(([key, count]) => {
    const [provider, result] = key.split(' ');
    return `sms_provider_calls_total{provider="${provider}",result="${result}"} ${count}`;
  });
  const rates = providerNames.map(
    (name) =>
      `sms_provider_calls_per_second_max{provider="${name}"} ${centre.gateOf(name).arrived.highest}`,
  );
  const lines = [
    ...head(
      'sms_provider_calls_total',
      'counter',
      'Messages, calls and receipts, by how they went.',
    ),
    ...calls,
    ...head(
      'sms_provider_calls_per_second_max',
      'gauge',
      'The most calls that any second has held.',
    ),
    ...rates,
    ...one('sms_provider_accepted_total', 'counter', 'Messages accepted.', ledger.messages.length),
    ...one(
      'sms_provider_received_total',
      'counter',
      'Messages on handsets.',
      ledger.received.length,
    ),
    ...one(
      'sms_provider_incoming_total',
      'counter',
      'Messages from handsets.',
      ledger.incoming.length,
    ),
    ...one('sms_provider_waiting', 'gauge', 'Deliveries and receipts to come.', receipts.waiting),
    ...one('sms_provider_receipts_taken_total', 'counter', 'Receipts taken.', receipts.taken),
    ...one(
      'sms_provider_receipts_given_up_total',
      'counter',
      'Receipts given up.',
      receipts.givenUp,
    ),
    ...one(
      'sms_provider_stall_seconds_max',
      'gauge',
      'The longest stall of the event loop: by so much a count of calls per second may be wrong.',
      centre.stalls.longestSeconds,
    ),
  ];
  return { status: 200, type: 'text/plain; version=0.0.4', body: `${lines.join('\n')}\n` };
}

function callsOf(centre: SmsCentre, provider: string): Readonly<Record<string, number>> {
  const own = [...centre.calls].filter(([key]) => key.startsWith(`${provider} `));
  return Object.fromEntries(own.map(([key, count]) => [key.slice(provider.length + 1), count]));
}

function head(name: string, type: 'counter' | 'gauge', text: string): readonly string[] {
  return [`# HELP ${name} ${text}`, `# TYPE ${name} ${type}`];
}

function one(
  name: string,
  type: 'counter' | 'gauge',
  text: string,
  value: number,
): readonly string[] {
  return [...head(name, type, text), `${name} ${value}`];
}
