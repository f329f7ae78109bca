export { type Laws, readLaws } from './read-laws.ts';
