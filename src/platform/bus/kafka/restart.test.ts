import { describe, test } from 'node:test';
import { describeRestart } from '#bus/conformance-broker';
import { testDatabase } from '#testing';
import { clusterUnderTest, KAFKA_URL } from './testing.ts';

if (KAFKA_URL === '') test('a restart of kafka:', { skip: 'KOPEK_TEST_KAFKA is not set' });
else {
  const engine = clusterUnderTest(await testDatabase());
  describe('a restart of kafka:', () => describeRestart(engine));
}
