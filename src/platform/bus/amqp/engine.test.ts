import { test } from 'node:test';
import { describeBus } from '#bus/conformance';
import { testDatabase } from '#testing';
import { AMQP_URL, amqpUnderTest } from './testing.ts';

if (AMQP_URL === '') test('the bus on amqp:', { skip: 'KOPEK_TEST_AMQP names no RabbitMQ' });
else describeBus(amqpUnderTest(await testDatabase()));
