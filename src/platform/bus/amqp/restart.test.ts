import { describe, test } from 'node:test';
import { describeRestart } from '#bus/conformance-broker';
import { testDatabase } from '#testing';
import { AMQP_URL, rabbitUnderTest } from './testing.ts';

if (AMQP_URL === '') test('a restart of amqp:', { skip: 'KOPEK_TEST_AMQP is not set' });
else {
  const engine = rabbitUnderTest(await testDatabase());
  describe('a restart of amqp:', () => describeRestart(engine));
}
