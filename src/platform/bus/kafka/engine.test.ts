import { test } from 'node:test';
import { describeBus } from '#bus/conformance';
import { testDatabase } from '#testing';
import { KAFKA_URL, kafkaUnderTest } from './testing.ts';

if (KAFKA_URL === '') test('the bus on kafka:', { skip: 'KOPEK_TEST_KAFKA names no Kafka' });
else describeBus(kafkaUnderTest(await testDatabase()));
