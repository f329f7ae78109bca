import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyHash } from './key-hash.ts';

test("a key's hash is that of Kafka's own producers", () => {
  // The values of Apache Kafka's UtilsTest.testMurmur2.
  const known: readonly [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];
  for (const [key, hash] of known) assert.equal(keyHash(key), hash & 0x7fffffff, key);
});
