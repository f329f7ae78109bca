import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readToken, signToken } from '#auth';

const now = new Date('2026-03-01T10:00:00Z');
const options = { secret: 'a secret of tests', purpose: 'landing', now, maxAgeMs: 60_000 };
const payload = { campaign: 'demo', msisdn: '+923009102250', tags: ['ü', 1, null] };

test('a token gives back what was signed, and is safe in a URL', () => {
  const token = signToken(payload, options);
  assert.match(token, /^[A-Za-z0-9_.-]+$/);
  assert.deepEqual(readToken(token, options), payload);
});

test('a token of another purpose or secret is invalid', () => {
  const token = signToken(payload, options);
  for (const wrong of [{ purpose: 'unsubscribe' }, { secret: 'another' }]) {
    assert.throws(() => readToken(token, { ...options, ...wrong }), {
      code: 'token_invalid',
      kind: 'invalid',
    });
  }
});

test('any changed letter makes a token invalid, and so does anything that is no token', () => {
  const token = signToken(payload, options);
  for (let index = 0; index < token.length - 1; index += 1) {
    const changed =
      token.slice(0, index) + (token[index] === 'A' ? 'B' : 'A') + token.slice(index + 1);
    assert.throws(() => readToken(changed, options), { code: 'token_invalid' }, `letter ${index}`);
  }
  for (const text of [
    '',
    '.',
    'a.b',
    `.${'A'.repeat(22)}`,
    'x'.repeat(100_000),
    token.slice(1),
    `${token}A`,
  ]) {
    assert.throws(() => readToken(text, options), { code: 'token_invalid' });
  }
});

test('a token expires', () => {
  const token = signToken(payload, options);
  const later = (ms: number) => ({ ...options, now: new Date(now.getTime() + ms) });
  assert.deepEqual(readToken(token, later(60_000)), payload);
  assert.throws(() => readToken(token, later(60_001)), {
    code: 'token_expired',
    kind: 'precondition',
  });
});
