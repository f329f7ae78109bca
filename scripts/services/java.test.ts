import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJavaVersion } from './java.ts';

test('the number of a Java is read from both spellings', () => {
  assert.equal(readJavaVersion('openjdk version "17.0.15" 2025-04-15\nOpenJDK …'), 17);
  assert.equal(readJavaVersion('java version "1.8.0_292"'), 8);
  assert.equal(readJavaVersion('openjdk version "25" 2025-09-16'), 25);
  assert.equal(readJavaVersion('command not found'), undefined);
});
