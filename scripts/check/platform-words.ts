import { isTest, lineAt, type Rule } from './project.ts';

/**
 * Words of the business that have no second, technical meaning. (The platform does know phone numbers, money,
 * and that rows belong to a customer.) Comments may give examples from the business; code may not.
 */
const WORDS: ReadonlySet<string> = new Set(
  [
    'subscriber subscription bill billing charge charged payment payout refund invoice tariff merchant',
    'sms campaign consent partner landing ledger acquisition mobilink cloudpayments',
  ].flatMap((line) => line.split(' ')),
);
const WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g;

/** `src/platform` could serve any product: nothing in its code names this one's business. */
export const platformWords: Rule = (project) =>
  project.files
    .filter((file) => file.path.startsWith('src/platform/') && !isTest(file.path))
    .flatMap((file) =>
      [...file.code.matchAll(WORD)]
        .filter((found) => isBusiness(found[0].toLowerCase()))
        .map((found) => ({
          path: file.path,
          line: lineAt(file.code, found.index),
          message: `src/platform knows no business word: ${found[0]}`,
        })),
    );

function isBusiness(word: string): boolean {
  return WORDS.has(word) || (word.endsWith('s') && WORDS.has(word.slice(0, -1)));
}
