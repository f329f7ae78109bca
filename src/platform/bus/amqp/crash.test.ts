import { test } from 'node:test';
import { describeCrashes } from '#bus/conformance-crash';
import { describeDatabaseCrashes } from '#bus/conformance-database';
import { testDatabase } from '#testing';
import { AMQP_URL, amqpUnderTest } from './testing.ts';

if (AMQP_URL === '') test('crashes on amqp:', { skip: 'KOPEK_TEST_AMQP is not set' });
else {
  describeCrashes(amqpUnderTest(await testDatabase()));
  describeDatabaseCrashes((database) => amqpUnderTest(database));
}
