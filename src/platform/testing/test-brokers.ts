/** A broker that the runner of the tests names. */
export interface TestBroker {
  /** Empty where there is none: then its tests say that they were not run. */
  readonly url: string;
  /** A command that stops and starts it. */
  readonly restart: string | undefined;
}

export function testBroker(name: 'AMQP' | 'KAFKA'): TestBroker {
  return {
    url: process.env[`KOPEK_TEST_${name}`] ?? '',
    restart: process.env[`KOPEK_TEST_${name}_RESTART`],
  };
}
