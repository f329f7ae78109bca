import { shakeHands } from './handshake.ts';
import { readServices, type Services } from './record.ts';
import { SERVICE_NAMES, ServiceFault, type ServiceName } from './service.ts';

/** On which engines of the bus this run tests. */
export interface TestEngines {
  /** What the tests read: the URL of each broker that answers, and how to restart one that we started. */
  readonly variables: Readonly<Record<string, string>>;
  /** For the person: `bus engines: postgres, amqp; kafka is not up: npm run services -- start kafka`. */
  readonly summary: string;
}

export interface EngineSearch {
  readonly environment: NodeJS.ProcessEnv;
  /** Whether it is a failure that one is not up. */
  readonly all: boolean;
  readonly folder?: string;
}

interface Engine {
  readonly name: string;
  /** A broker of the person's own, if it is set: it wins over the one that we started. */
  readonly variable: string;
}

const ENGINES: Readonly<Record<ServiceName, Engine>> = {
  rabbitmq: { name: 'amqp', variable: 'KOPEK_TEST_AMQP' },
  kafka: { name: 'kafka', variable: 'KOPEK_TEST_KAFKA' },
};
/** Always there: tests bring their own PostgreSQL. */
const POSTGRES = 'postgres';

/** For a shell in the root of the project. */
function restartOf(service: ServiceName): string {
  return `npm run --silent services -- restart ${service}`;
}

/** Asks each broker whether it is there. Throws when one that was named, or has to be, is not. */
export async function findTestEngines(search: EngineSearch): Promise<TestEngines> {
  // Those of another user are not ours to test on.
  const services: Services = await readServices(search.folder).catch(() => ({}));
  const states = await Promise.all(
    SERVICE_NAMES.map(async (service) => {
      const { name, variable } = ENGINES[service];
      const named = search.environment[variable] || undefined;
      const url = named ?? services[service]?.url;
      const hands = url === undefined ? undefined : await shakeHands(url);
      if (named && hands?.outcome === 'silent') {
        throw new ServiceFault(`The broker of ${variable} does not answer: ${hands.reason}`);
      }
      const answers = hands?.outcome === 'answers';
      return { service, name, variable, url: answers ? url : undefined, ours: !named };
    }),
  );
  const down = states.filter(({ url }) => url === undefined);
  const up = states.filter(({ url }) => url !== undefined).map(({ name }) => name);
  const summary = [
    `bus engines: ${[POSTGRES, ...up].join(', ')}`,
    ...down.map(({ name, service }) => `${name} is not up: npm run services -- start ${service}`),
  ].join('; ');
  if (search.all && down.length > 0) throw new ServiceFault(summary);
  const variables = Object.fromEntries(
    states.flatMap(({ ours, service, url, variable }): [string, string][] => {
      if (url === undefined) return [];
      return ours
        ? [
            [variable, url],
            [`${variable}_RESTART`, restartOf(service)],
          ]
        : [[variable, url]];
    }),
  );
  return { variables, summary };
}
