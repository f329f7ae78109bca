import { test } from 'node:test';
import { describeCrashes } from '#bus/conformance-crash';
import { describeDatabaseCrashes } from '#bus/conformance-database';
import { testDatabase } from '#testing';
import { KAFKA_URL, kafkaUnderTest } from './testing.ts';

if (KAFKA_URL === '') test('crashes on kafka:', { skip: 'KOPEK_TEST_KAFKA is not set' });
else {
  describeCrashes(kafkaUnderTest(await testDatabase()));
  describeDatabaseCrashes((database) => kafkaUnderTest(database));
}
