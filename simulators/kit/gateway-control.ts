import { faultBehaviours, maxDelayMs } from './faults.ts';
import { readNumber, refuseUnknown } from './fields.ts';
import type { GatewaySimulator, LineSettings } from './gateway.ts';
import type { GatewayRoute } from './gateway-call.ts';
import { gatewayFile, gatewayPage } from './gateway-page.ts';
import { json, type Reply } from './reply.ts';

const noticesShown = 1_000;

/** What every gateway's simulator is steered and looked at by. */
export function controlRoutes<Settings extends LineSettings>(
  gateway: GatewaySimulator<Settings>,
): readonly GatewayRoute[] {
  const { book, clock, faults, notices } = gateway;
  const meanings = Object.fromEntries(
    Object.entries(faultBehaviours).map(([name, { meaning }]) => [name, meaning]),
  );
  return [
    ['GET', /^\/healthz$/, () => json(200, { status: 'ok' })],
    ['GET', /^\/$/, () => gatewayPage(gateway)],
    ['GET', /^\/(gateway\.css|gateway\.js)$/, ({ group }) => gatewayFile(group)],
    ['GET', /^\/metrics$/, () => showMetrics(gateway)],
    [
      'GET',
      /^\/ledger$/,
      ({ query }) => json(200, query.get('summary') === '1' ? book.summarise() : book.list(query)),
    ],
    ['GET', /^\/faults$/, () => json(200, { faults: faults.list(), names: meanings })],
    ['POST', /^\/faults$/, ({ fields }) => json(201, faults.add(fields))],
    [
      'DELETE',
      /^\/faults$/,
      () => {
        faults.clear();
        return json(200, { faults: [] });
      },
    ],
    ['GET', /^\/settings$/, () => json(200, gateway.settings)],
    [
      'PUT',
      /^\/settings$/,
      ({ fields }) => {
        gateway.change(fields);
        return json(200, gateway.settings);
      },
    ],
    ['GET', /^\/clock$/, () => json(200, { now: clock.nowText() })],
    [
      'POST',
      /^\/clock$/,
      ({ fields }) => {
        refuseUnknown(fields, ['advance_ms']);
        const most = { field: 'advance_ms', min: 0, max: 100 * maxDelayMs };
        clock.advance(readNumber(fields.advance_ms, most));
        return json(200, { now: clock.nowText() });
      },
    ],
    ['GET', /^\/notices$/, () => json(200, { notices: notices?.all.slice(-noticesShown) ?? [] })],
    [
      'POST',
      /^\/notices\/([\w.-]{1,64})\/resend$/,
      async ({ group }) => json(200, (await notices?.resend(group)) ?? {}),
    ],
    [
      'POST',
      /^\/reset$/,
      async () => {
        await gateway.reset();
        return json(200, { status: 'reset' });
      },
    ],
  ];
}

function showMetrics<Settings extends LineSettings>({
  book,
  calls,
  gate,
  name,
  notices,
}: GatewaySimulator<Settings>): Reply {
  const waiting = notices?.all.filter(({ state }) => state === 'waiting').length ?? 0;
  const lines = [
    `# HELP ${name}_calls_total Calls answered (or not), by operation and result.`,
    `# TYPE ${name}_calls_total counter`,
    ...[...calls].map(([key, count]) => {
      const [operation, result] = key.split(' ');
      return `${name}_calls_total{operation="${operation}",result="${result}"} ${count}`;
    }),
    ...gauge(`${name}_ledger_entries`, 'Debits and credits in its book.', book.size),
    ...gauge(`${name}_notices_waiting`, 'Notifications still to be taken.', waiting),
    ...gauge(
      `${name}_calls_per_second_max`,
      'The most calls that any second has held.',
      gate.arrived.highest,
    ),
  ];
  return { status: 200, type: 'text/plain; version=0.0.4', body: `${lines.join('\n')}\n` };
}

function gauge(name: string, text: string, value: number): readonly string[] {
  return [`# HELP ${name} ${text}`, `# TYPE ${name} gauge`, `${name} ${value}`];
}
