import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSealer, redact, redactIn } from '#auth';

const secret = 'the secret of the house';
const sealer = createSealer({ secret });
const OWNER = 'endpoint/42/secret';

test('any text opens as it was, with the same secret and owner, in any process', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, owner) => {
      const sealed = sealer.seal(text, owner);
      assert.equal(createSealer({ secret }).open(sealed, owner), text);
      assert.match(sealed, /^v1\.[\w-]{8}\.[\w-]+$/);
    }),
  );
});

test('the same text is sealed differently each time, and nothing of it shows', () => {
  const first = sealer.seal('password', OWNER);
  assert.notEqual(first, sealer.seal('password', OWNER));
  assert.ok(!Buffer.from(first.split('.')[2] ?? '', 'base64url').includes('password'));
});

test('a sealed text that was moved to another row or column does not open', () => {
  const sealed = sealer.seal('password', OWNER);
  for (const other of ['endpoint/43/secret', 'endpoint/42/token', ''])
    assert.throws(() => sealer.open(sealed, other), { code: 'seal_broken', kind: 'internal' });
});

test('a text changed at any letter, cut or spelled otherwise does not open', () => {
  const sealed = sealer.seal('password', OWNER);
  for (let at = 0; at < sealed.length; at += 1) {
    for (const letter of ['A', 'B', '.', '=']) {
      if (sealed[at] === letter) continue;
      const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
      assert.throws(() => sealer.open(changed, OWNER), { name: 'AppError' });
    }
    assert.throws(() => sealer.open(sealed.slice(0, at), OWNER), { name: 'AppError' });
  }
  for (const odd of [`${sealed}=`, `${sealed}.`, ` ${sealed}`, 'v1..', ''])
    assert.throws(() => sealer.open(odd, OWNER), { name: 'AppError' });
});

test('after the secret changed, texts of the former one open while it is told, and say that they are old', () => {
  const old = sealer.seal('password', OWNER);
  const rotated = createSealer({ secret: 'a new one', formerSecrets: [secret] });
  assert.equal(rotated.open(old, OWNER), 'password');
  assert.deepEqual([rotated.isCurrent(old), sealer.isCurrent(old)], [false, true]);
  const renewed = rotated.seal('password', OWNER);
  assert.ok(rotated.isCurrent(renewed));
  assert.equal(createSealer({ secret: 'a new one' }).open(renewed, OWNER), 'password');
  assert.throws(() => createSealer({ secret: 'a new one' }).open(old, OWNER), {
    code: 'seal_key_unknown',
  });
});

test('a credential is shown by its last letters, a short one not at all', () => {
  assert.equal(redact('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), '···LaSw');
  assert.equal(redact('0123456789abcde'), '···');
});

test('a text that is kept has the credentials in no spelling', () => {
  const text = 'login=me&psw=p%22%20x and {"psw":"p\\" x"} and p" x';
  assert.equal(redactIn(text, ['p" x', '']), 'login=me&psw=··· and {"psw":"···"} and ···');
});
