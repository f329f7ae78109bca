import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { isSendable, measureText, splitText, type TextMeasure } from '#gsm';
import { graphemeEnds } from './graphemes.ts';
import { KIND, kindAt } from './letter-kinds.ts';
import { anyText, gsmText, NEWER_JOINED, ordinaryText, strangeText } from './text-arbitraries.ts';

const RUNS = { numRuns: 400 };
const PART_BITS = 1120;

test('one, two and three parts begin where the specification has them', () => {
  const cases: readonly (readonly [string, Partial<TextMeasure>])[] = [
    ['', { encoding: 'gsm7', segments: 1, units: 0, unitsLeft: 160, graphemes: 0 }],
    ['a'.repeat(160), { encoding: 'gsm7', segments: 1, unitsLeft: 0 }],
    ['a'.repeat(161), { encoding: 'gsm7', segments: 2, unitsLeft: 145 }],
    ['a'.repeat(306), { segments: 2, unitsLeft: 0 }],
    ['a'.repeat(307), { segments: 3, unitsLeft: 152 }],
    ['€'.repeat(80), { segments: 1, units: 160, graphemes: 80 }],
    // 153 is odd: a septet of each part stays empty rather than that an escape parts from its letter.
    ['€'.repeat(153), { segments: 3, units: 306, unitsLeft: 151 }],
    ['я'.repeat(70), { encoding: 'ucs2', segments: 1, unitsLeft: 0 }],
    ['я'.repeat(71), { segments: 2, unitsLeft: 63 }],
    ['я'.repeat(134), { segments: 2, unitsLeft: 0 }],
    ['я'.repeat(135), { segments: 3 }],
    [`${'a'.repeat(132)}😀`, { encoding: 'ucs2', segments: 2, units: 134, graphemes: 133 }],
    // 66 and half a pair would fill a part: the pair goes on whole.
    [`${'a'.repeat(66)}😀${'a'.repeat(66)}`, { segments: 3, unitsLeft: 66 }],
    ['ç', { encoding: 'ucs2' }],
    ['Ç{}', { encoding: 'gsm7', units: 5, graphemes: 3 }],
  ];
  for (const [text, expected] of cases) {
    const measured = measureText(text);
    assert.deepEqual({ ...measured, ...expected }, measured, JSON.stringify(text));
  }
});

test('the kind that a letter is said to have is what the segmenter does with it, beside every kind', () => {
  const known: string[] = [];
  for (let point = 0; point < 0xe_0100; point += 1) {
    const letter = String.fromCodePoint(point);
    if (kindAt(letter, 0) !== KIND.unknown) known.push(letter);
  }
  assert.ok(known.length > 100_000);
  for (const beside of ['a', '☎', '\u0301', '☎\u200d', '🇷', '한\u200d', '\t']) {
    // A space between, so that each pair is judged by itself.
    assertLikeSegmenter(known.map((letter) => `${beside}${letter} `).join(''));
    assertLikeSegmenter(known.map((letter) => `${letter}${beside} `).join(''));
  }
});

test('graphemes are those of the Unicode segmenter, but for CR and LF', () => {
  fc.assert(fc.property(anyText, assertLikeSegmenter), RUNS);
});

test('counts what sms-segments-calculator counts, in a text of letters that people write', () => {
  fc.assert(
    fc.property(fc.oneof(gsmText, ordinaryText), (text) => compare(text, measureText(text))),
    RUNS,
  );
});

test('differs from sms-segments-calculator only where its graphemes are not Unicode’s, or overfill a part', () => {
  let alike = 0;
  fc.assert(
    fc.property(strangeText, (text) => {
      const theirs = new SegmentedMessage(text);
      const ends = graphemeEnds(text);
      const clusters = ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end));
      const overfull = theirs.segments.some((segment) => segment.sizeInBits() > PART_BITS);
      const oversized = clusters.some((cluster) => cluster.length > 67);
      const sameLetters =
        clusters.length === theirs.graphemes.length &&
        clusters.every((cluster, at) => cluster === theirs.graphemes[at]);
      if (overfull || oversized || !sameLetters) return;
      alike += 1;
      compare(text, measureText(text));
    }),
    RUNS,
  );
  assert.ok(alike > RUNS.numRuns / 40, `only ${alike} texts were compared`);
});

test('knows letters that are younger than the tables of the calculator, and does not cut them', () => {
  for (const letter of NEWER_JOINED) {
    assert.ok(new SegmentedMessage(letter).graphemes.length > 1);
    assert.equal(measureText(letter).graphemes, 1);
    const parts = splitText('ж'.repeat(68 - letter.length) + letter + 'ж'.repeat(70));
    assert.ok(parts[1]?.text.startsWith(letter));
  }
});

test('a grapheme that no part can hold is cut between its code points, where the calculator overfills', () => {
  const zalgo = `я${'\u0301'.repeat(200)}`;
  const theirs = new SegmentedMessage(zalgo);
  assert.ok(theirs.segments.some((segment) => segment.sizeInBits() > PART_BITS));
  assert.deepEqual(measureText(zalgo), {
    ...{ encoding: 'ucs2', segments: 3, units: 201, unitsLeft: 0, graphemes: 1 },
  });
  assert.deepEqual(
    splitText(zalgo).map((part) => part.text.length),
    [67, 67, 67],
  );
});

test('the calculator writes over the end of a part when two long graphemes meet it', () => {
  const long = (count: number) => `я${'\u0301'.repeat(count)}`;
  const text = 'ж'.repeat(10) + long(59) + long(59);
  const theirs = new SegmentedMessage(text);
  assert.equal(theirs.segmentsCount, 2);
  assert.ok((theirs.segments[1]?.sizeInBits() ?? 0) > PART_BITS);
  assert.equal(measureText(text).segments, 3);
});

test('half a surrogate pair is said to be no text to send, and is counted and kept as it is', () => {
  assert.ok(isSendable('😀 и всё'));
  for (const text of ['\ud83d', 'a\ude00', '\ude00\ud83d']) {
    assert.ok(!isSendable(text));
    assert.equal(measureText(text).units, text.length);
    assert.equal(splitText(text)[0]?.text, text);
  }
});

const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });

function assertLikeSegmenter(text: string): void {
  const ends = graphemeEnds(text);
  let at = 0;
  for (const { index, segment } of segmenter.segment(text)) {
    if (segment === '\r\n') assert.equal(ends[at++], index + 1);
    const end = index + segment.length;
    if (ends[at++] !== end) assert.fail(`${JSON.stringify(segment)} ends at ${end} of its text`);
  }
  assert.equal(ends.length, at);
}

function compare(text: string, ours: TextMeasure): void {
  const theirs = new SegmentedMessage(text);
  const bits = theirs.encodingName === 'GSM-7' ? 7 : 16;
  assert.deepEqual(ours, {
    encoding: theirs.encodingName === 'GSM-7' ? 'gsm7' : 'ucs2',
    segments: theirs.segmentsCount,
    units: theirs.messageSize / bits,
    unitsLeft: Math.floor((theirs.segments.at(-1)?.freeSizeInBits() ?? 0) / bits),
    graphemes: theirs.graphemes.length,
  });
}
