import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKafkaVersion } from './kafka-libraries.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('compose.yaml starts the Kafka that pom.xml names', async () => {
  const pom = await readFile(join(import.meta.dirname, 'kafka', 'pom.xml'), 'utf8');
  const compose = await readFile(join(ROOT, 'compose.yaml'), 'utf8');
  assert.equal(/image: apache\/kafka:(\S+)/.exec(compose)?.[1], readKafkaVersion(pom));
});

test('a pom.xml without a version is refused', () => {
  assert.throws(() => readKafkaVersion('<project></project>'), /names no kafka.version/);
});
