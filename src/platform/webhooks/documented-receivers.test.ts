import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#testing';
import { makeSecret, signContent } from '#webhooks';

const PAGE = join(import.meta.dirname, '../../../docs/concepts/webhooks.md');
const page = await readFile(PAGE, 'utf8');
const secret = makeSecret();
const body = '{"type":"message.delivered","data":{"text":"Привет, мир"}}';
const timestamp = Math.floor(Date.now() / 1000);
const signature = signContent({ id: 'evt_1', timestamp, body }, [makeSecret(), secret]);
const headers = {
  'webhook-id': 'evt_1',
  'webhook-timestamp': String(timestamp),
  'webhook-signature': signature,
};
/** What is to be verified, and whether it is genuine. */
const cases = [
  { headers, body, secret, genuine: true },
  { headers, body: body.replace('м', 'М'), secret, genuine: false },
  { headers, body, secret: makeSecret(), genuine: false },
  { headers: { ...headers, 'webhook-id': 'evt_2' }, body, secret, genuine: false },
  {
    headers: { ...headers, 'webhook-timestamp': String(timestamp - 600) },
    body,
    secret,
    genuine: false,
  },
];

function exampleIn(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(page)?.[1];
  assert.ok(found, `the page has an example in ${language}`);
  return found;
}

test('the receiver in Node that the page shows takes what we send, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'verify.mjs');
  await writeFile(file, exampleIn('js'));
  const { verify } = (await import(file)) as { verify(...given: unknown[]): boolean };
  for (const one of cases)
    assert.equal(verify(one.headers, Buffer.from(one.body), one.secret), one.genuine);
});

test('the receiver in Python that the page shows does the same', async (t) => {
  const found = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
  if (found.status !== 0) return t.skip('no Python 3.9 here');
  const program = `${exampleIn('python')}
import json, sys
print(json.dumps([verify(c["headers"], c["body"].encode(), c["secret"]) for c in json.load(sys.stdin)]))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.deepEqual(
    JSON.parse(stdout),
    cases.map(({ genuine }) => genuine),
  );
});
