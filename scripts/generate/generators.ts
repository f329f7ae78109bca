import { databaseTypes } from './database-types.ts';
import type { Generator } from './generator.ts';

/** All of them; a new one is a file beside this and a line here. They run in this order. */
export const generators: readonly Generator[] = [databaseTypes];
