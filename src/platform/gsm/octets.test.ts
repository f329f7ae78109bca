import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeGsm,
  decodeUcs2,
  encodeGsm,
  encodeUcs2,
  fillBitsBehind,
  measureText,
  packSeptets,
  unpackSeptets,
} from '#gsm';
import { gsmText, strangeText } from './text-arbitraries.ts';

test('letters have the codes of 3GPP TS 23.038', () => {
  const codes = {
    '@': '00',
    $: '02',
    ü: '7e',
    à: '7f',
    Ω: '15',
    Ç: '09',
    '€': '1b65',
    '\f': '1b0a',
  };
  for (const [letter, code] of Object.entries(codes)) {
    assert.equal(encodeGsm(letter).toString('hex'), code);
    assert.equal(decodeGsm(Buffer.from(code, 'hex')), letter);
  }
});

test('the alphabet has 127 letters and the extension table ten, each read back as itself', () => {
  const letters: string[] = [];
  for (let unit = 0; unit <= 0xffff; unit += 1) {
    const letter = String.fromCharCode(unit);
    if (measureText(letter).encoding === 'gsm7') letters.push(letter);
  }
  assert.equal(letters.length, 137);
  assert.equal(decodeGsm(encodeGsm(letters.join(''))), letters.join(''));
});

test('a letter outside of the alphabet is a mistake of the caller, never another letter', () => {
  for (const text of ['ж', 'ç', '`', '\u001b', '\ud83d', '😀'])
    assert.throws(() => encodeGsm(text), /GSM alphabet/);
});

test('what stands behind an escape is read as the specification advises', () => {
  assert.equal(decodeGsm(Buffer.from('1b41', 'hex')), 'A');
  assert.equal(decodeGsm(Buffer.from('1b1b65', 'hex')), ' e');
  assert.equal(decodeGsm(Buffer.from('411b', 'hex')), 'A ');
  assert.equal(decodeGsm(Buffer.from('c1', 'hex')), 'A');
});

test('septets are packed as the specification packs them', () => {
  assert.equal(packSeptets(encodeGsm('hellohello')).toString('hex'), 'e8329bfd4697d9ec37');
  assert.equal(fillBitsBehind(6), 1);
  assert.equal(fillBitsBehind(7), 0);
  assert.equal(packSeptets(encodeGsm('hello'), 1).toString('hex'), 'd06536fb0d');
});

test('packed septets are read back whatever fills the bits before and behind', () => {
  fc.assert(
    fc.property(gsmText, fc.integer({ min: 0, max: 6 }), (text, fillBits) => {
      const septets = encodeGsm(text);
      const packed = packSeptets(septets, fillBits);
      assert.equal(packed.length, Math.ceil((septets.length * 7 + fillBits) / 8));
      assert.deepEqual(unpackSeptets(packed, septets.length, fillBits), septets);
    }),
  );
});

test('more septets than there are octets for are not invented', () => {
  assert.equal(unpackSeptets(Buffer.from('e832', 'hex'), 10).length, 2);
  assert.equal(unpackSeptets(Buffer.alloc(0), 10, 1).length, 0);
});

test('UCS-2 keeps every unit, halves of pairs too, and leaves the octets that it reads alone', () => {
  assert.equal(encodeUcs2('я😀').toString('hex'), '044fd83dde00');
  fc.assert(
    fc.property(strangeText, (text) => {
      const octets = encodeUcs2(text);
      const before = Buffer.from(octets);
      assert.equal(decodeUcs2(octets), text);
      assert.deepEqual(octets, before);
    }),
  );
  assert.equal(decodeUcs2(Buffer.from('044f04', 'hex')), 'я');
});
