import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '#testing';
import { actAsKafka, listen } from './fake-broker.ts';
import { writeRecord } from './record.ts';
import { findTestEngines } from './test-engines.ts';

const NOBODY = 'kafka://127.0.0.1:1';

test('without brokers it is PostgreSQL, and how to start them is said', async (t) => {
  const folder = await temporaryFolder(t);
  assert.deepEqual(await findTestEngines({ environment: {}, all: false, folder }), {
    variables: {},
    summary:
      'bus engines: postgres; amqp is not up: npm run services -- start rabbitmq; ' +
      'kafka is not up: npm run services -- start kafka',
  });
});

test('a broker of services.json counts when it answers', async (t) => {
  const folder = await temporaryFolder(t);
  const url = await noteKafka(t, folder);
  assert.deepEqual(await findTestEngines({ environment: {}, all: false, folder }), {
    variables: {
      KOPEK_TEST_KAFKA: url,
      KOPEK_TEST_KAFKA_RESTART: 'npm run --silent services -- restart kafka',
    },
    summary: 'bus engines: postgres, kafka; amqp is not up: npm run services -- start rabbitmq',
  });
});

test('one that was killed since does not count', async (t) => {
  const folder = await temporaryFolder(t);
  await writeRecord(folder, 'kafka', record(NOBODY));
  const { variables } = await findTestEngines({ environment: {}, all: false, folder });
  assert.deepEqual(variables, {});
});

test("a broker of one's own wins over that of services.json", async (t) => {
  const folder = await temporaryFolder(t);
  await writeRecord(folder, 'kafka', record(NOBODY));
  const own = `kafka://127.0.0.1:${await listen(t, actAsKafka(1))}`;
  const environment = { KOPEK_TEST_KAFKA: own };
  const { variables } = await findTestEngines({ environment, all: false, folder });
  assert.deepEqual(variables, { KOPEK_TEST_KAFKA: own });
});

test('one that was named and does not answer is a failure, not a silence', async (t) => {
  const folder = await temporaryFolder(t);
  await assert.rejects(
    findTestEngines({ environment: { KOPEK_TEST_KAFKA: NOBODY }, all: false, folder }),
    { message: /^The broker of KOPEK_TEST_KAFKA does not answer: .*ECONNREFUSED/ },
  );
});

test('when all are asked for, one that is not up is a failure', async (t) => {
  const folder = await temporaryFolder(t);
  await noteKafka(t, folder);
  await assert.rejects(findTestEngines({ environment: {}, all: true, folder }), {
    message: /amqp is not up/,
  });
});

async function noteKafka(t: TestContext, folder: string): Promise<string> {
  const url = `kafka://127.0.0.1:${await listen(t, actAsKafka(1))}`;
  await writeRecord(folder, 'kafka', record(url));
  return url;
}

function record(url: string) {
  return { url, software: '', processes: [], startedAt: '2026-11-25T18:05:10.044Z' };
}
