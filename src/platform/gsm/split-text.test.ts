import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeGsm,
  decodeUcs2,
  encodePart,
  GSM7_ROOM,
  LONG_HEADER_ROOMS,
  measureText,
  splitText,
  UCS2_ROOM,
} from '#gsm';
import { graphemeEnds } from './graphemes.ts';
import { anyText } from './text-arbitraries.ts';

const RUNS = { numRuns: 400 };

test('parts joined are the text, are as many as were counted, and none is larger than its room', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const measured = measureText(text);
      const parts = splitText(text);
      assert.equal(parts.map((part) => part.text).join(''), text);
      assert.equal(parts.length, measured.segments);
      const room = measured.encoding === 'gsm7' ? GSM7_ROOM : UCS2_ROOM;
      const most = parts.length === 1 ? room.single : room.concatenated;
      const sizes = parts.map(
        (part) => encodePart(part).length / (part.encoding === 'gsm7' ? 1 : 2),
      );
      assert.ok(sizes.every((size) => size <= most));
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        measured.units,
      );
      assert.equal(most - (sizes.at(-1) ?? 0), measured.unitsLeft);
    }),
    RUNS,
  );
});

test('behind a longer header the parts are as much shorter, and joined they are the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const parts = splitText(text, LONG_HEADER_ROOMS);
      assert.equal(parts.map((part) => part.text).join(''), text);
      for (const part of parts) {
        const most = parts.length === 1 ? 140 : part.encoding === 'gsm7' ? 152 : 132;
        const septets = parts.length === 1 && part.encoding === 'gsm7' ? 160 : most;
        assert.ok(encodePart(part).length <= septets);
      }
    }),
    RUNS,
  );
});

test('a part read back from its octets is the part', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const part of splitText(text)) {
        const octets = encodePart(part);
        const read = part.encoding === 'gsm7' ? decodeGsm(octets) : decodeUcs2(octets);
        assert.equal(read, part.text);
      }
    }),
    RUNS,
  );
});

test('a part ends where a grapheme ends, or inside of one that no part could hold', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const ends = graphemeEnds(text);
      let at = 0;
      for (const part of splitText(text)) {
        at += part.text.length;
        if (at === text.length || ends.includes(at)) continue;
        const around = ends.findIndex((end) => end > at);
        assert.ok((ends[around] ?? 0) - (ends[around - 1] ?? 0) > UCS2_ROOM.concatenated);
        assert.ok(text.slice(0, at).isWellFormed() || !text.isWellFormed());
      }
    }),
    RUNS,
  );
});

test('families, flags and letters with accents that are two code points stay whole at the end of a part', () => {
  for (const whole of ['👨‍👩‍👧‍👦', '🇷🇺', 'e\u0301', '👍🏽', '☎️']) {
    for (let before = 50; before <= 67; before += 1) {
      const parts = splitText('ж'.repeat(before) + whole + 'ж'.repeat(70));
      const [first = '', second = ''] = parts.map((part) => part.text);
      assert.ok(first.endsWith(whole) || second.startsWith(whole) || first.includes(whole));
    }
  }
});
