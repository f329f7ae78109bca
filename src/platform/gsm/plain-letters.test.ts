import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { measureText, smartEncode, transliterateRussian } from '#gsm';
import { gsmText } from './text-arbitraries.ts';

test('typography becomes plain letters, and the message half as long', () => {
  const text = '“It’s here” — cafe\u0301 №\u00a05…';
  assert.equal(smartEncode(text), '"It\'s here" - café No 5...');
  assert.equal(measureText(text).encoding, 'ucs2');
  assert.equal(measureText(smartEncode(text)).encoding, 'gsm7');
});

test('what has no plain letter stays, and a text of the GSM alphabet is not touched', () => {
  assert.equal(smartEncode('Привет 😀'), 'Привет 😀');
  fc.assert(fc.property(gsmText, (text) => assert.equal(smartEncode(text), text)));
});

test('Russian is written as passports write it, with capitals as their neighbours have them', () => {
  const cases = {
    'Съешь ещё этих мягких булок': 'Sieesh eshche etikh miagkikh bulok',
    'Щука и ЩУКА, БОРЩ!': 'Shchuka i SHCHUKA, BORSHCH!',
    'Юлия Жук-Ёжикова': 'Iuliia Zhuk-Ezhikova',
    'Код 1234, ok?': 'Kod 1234, ok?',
    Я: 'Ia',
  };
  for (const [russian, latin] of Object.entries(cases))
    assert.equal(transliterateRussian(russian), latin);
});

test('a transliterated text with plain typography fits the GSM alphabet', () => {
  const letters = Array.from(
    'абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ «»—…№',
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...letters)), (text) => {
      const plain = smartEncode(transliterateRussian(text.join('')));
      assert.equal(measureText(plain).encoding, 'gsm7');
    }),
  );
});
