import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeSecret, signContent, verifySignature } from '#webhooks';

// The example of the specification's own libraries.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const content = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: '{"test": 2432232314}',
};
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('the signature is the one of the specification', () => {
  assert.equal(signContent(content, [secret]), signature);
});

test('while secrets rotate, a receiver with any of them finds its signature', () => {
  const secrets = [makeSecret(), secret, makeSecret()];
  const all = signContent(content, secrets);
  assert.equal(all.split(' ').length, 3);
  for (const one of secrets) {
    const told = { signature: all, secret: one, nowSeconds: content.timestamp };
    assert.ok(verifySignature(content, told));
  }
  const stranger = { signature: all, secret: makeSecret(), nowSeconds: content.timestamp };
  assert.ok(!verifySignature(content, stranger));
});

test('another body, id, moment or version, an old second, and what is no signature do not verify', () => {
  const told = { signature, secret, nowSeconds: content.timestamp + 300 };
  assert.ok(verifySignature(content, told));
  for (const changed of [{ body: '{}' }, { id: 'msg_2' }, { timestamp: content.timestamp + 1 }])
    assert.ok(!verifySignature({ ...content, ...changed }, told));
  assert.ok(!verifySignature(content, { ...told, nowSeconds: content.timestamp + 301 }));
  assert.ok(!verifySignature({ ...content, timestamp: Number.NaN }, told));
  for (const odd of ['', 'v1', 'v1,', signature.replace('v1', 'v2'), signature.slice(0, -4)])
    assert.ok(!verifySignature(content, { ...told, signature: odd }));
});

test('a secret has 32 bytes of chance, as the specification spells it', () => {
  const made = makeSecret();
  assert.match(made, /^whsec_[A-Za-z0-9+/]{43}=$/);
  assert.notEqual(made, makeSecret());
});
