import { test } from 'node:test';
import { describeBroker } from '#bus/conformance-broker';
import { testDatabase } from '#testing';
import { clusterUnderTest, KAFKA_URL } from './testing.ts';

if (KAFKA_URL === '') test('the broker behind kafka:', { skip: 'KOPEK_TEST_KAFKA is not set' });
else describeBroker(clusterUnderTest(await testDatabase()));
