import { readServices, shakeHands } from '#services';

export interface FoundBroker {
  readonly engine: 'amqp' | 'kafka';
  readonly url: string;
}

/** The brokers of `npm run services`, as far as they answer; a line for each that does not. */
export async function findBrokers(): Promise<{
  readonly brokers: readonly FoundBroker[];
  readonly missing: readonly string[];
}> {
  const services = await readServices();
  const brokers: FoundBroker[] = [];
  const missing: string[] = [];
  for (const [engine, service] of [
    ['amqp', 'rabbitmq'],
    ['kafka', 'kafka'],
  ] as const) {
    const url = services[service]?.url;
    const answers = url !== undefined && (await shakeHands(url)).outcome === 'answers';
    if (answers) brokers.push({ engine, url });
    else missing.push(`${engine} was not measured: npm run services -- start ${service}`);
  }
  return { brokers, missing };
}
