import { test } from 'node:test';
import { describeBroker } from '#bus/conformance-broker';
import { testDatabase } from '#testing';
import { AMQP_URL, rabbitUnderTest } from './testing.ts';

if (AMQP_URL === '') test('the broker behind amqp:', { skip: 'KOPEK_TEST_AMQP is not set' });
else describeBroker(rabbitUnderTest(await testDatabase()));
