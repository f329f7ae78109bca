import fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { measureText } from '#gsm';
import type { BenchContext } from './frame/claim.ts';

export const name = 'segments';
export const claim =
  'segments of a text are counted at least twenty times as fast as sms-segments-calculator counts them';

const TARGET = 20;
const TEXT_COUNT = 200;
const SAMPLE_MS = 600;

const LATIN = 'Your code is 482913. Do not tell it to anybody! Price: {5} €, @shop_';
const CYRILLIC = 'Ваш код 482913. Никому его не говорите! Заказ №5 — «готов», ждём… ';
const PICTURES = ['😀', '👍🏽', '👨‍👩‍👧‍👦', '🇷🇺', '❤️', 'e\u0301'];

/** One seed for both sides and all samples. */
const SEED = 5;

export async function run(context: BenchContext): Promise<void> {
  const latin = fc.constantFrom(...Array.from(LATIN));
  const cyrillic = fc.constantFrom(...Array.from(CYRILLIC));
  const picture = fc.constantFrom(...PICTURES);
  const situations = {
    'texts in GSM letters': textsOf(latin),
    'Russian texts': textsOf(cyrillic),
    'one letter in ten a picture': textsOf(
      fc.oneof({ weight: 9, arbitrary: cyrillic }, { weight: 1, arbitrary: picture }),
    ),
  };
  for (const [situation, texts] of Object.entries(situations)) {
    await context.compare({
      ...{ situation, unit: 'texts/s', against: 'sms-segments-calculator', target: TARGET },
      ours: async () => countedPerSecond(texts, (text) => measureText(text).segments),
      floor: async () =>
        countedPerSecond(texts, (text) => new SegmentedMessage(text).segmentsCount),
    });
  }
}

function textsOf(letter: fc.Arbitrary<string>): readonly string[] {
  const text = fc.array(letter, { minLength: 20, maxLength: 300, size: 'max' });
  return fc.sample(text, { numRuns: TEXT_COUNT, seed: SEED }).map((letters) => letters.join(''));
}

function countedPerSecond(texts: readonly string[], count: (text: string) => number): number {
  for (const text of texts) count(text); // warm
  const beganMs = performance.now();
  let done = 0;
  let segments = 0;
  while (performance.now() - beganMs < SAMPLE_MS) {
    for (const text of texts) segments += count(text);
    done += texts.length;
  }
  if (segments < done) throw new Error('every text takes at least one segment');
  return (done * 1000) / (performance.now() - beganMs);
}
