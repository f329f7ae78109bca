import { exampleText } from '#config';
import type { Generator } from './generator.ts';

/** Every setting with its sentence, commented out: copied to `.env` it changes nothing. */
export const environmentExample: Generator = {
  path: '.env.example',
  generate: async () => exampleText(),
};
