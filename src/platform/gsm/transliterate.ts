/** ICAO Doc 9303, part 3, section 6 B, as Russian passports have it. */
const LATIN_OF: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'e', ж: 'zh', з: 'z', и: 'i', й: 'i' },
    ...{ к: 'k', л: 'l', м: 'm', н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f' },
    ...{ х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch', ъ: 'ie', ы: 'y', ь: '', э: 'e' },
    ...{ ю: 'iu', я: 'ia' },
  }),
);

/**
 * Russian in Latin letters, so that a text fits 160 letters to a part and not 70. A capital that becomes several
 * letters is written by its neighbours: `Щука` gives `Shchuka`, `ЩУКА` gives `SHCHUKA`. All else stays as it is.
 */
export function transliterateRussian(text: string): string {
  let latin = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    const small = letter.toLowerCase();
    const found = LATIN_OF.get(small);
    if (found === undefined || letter === small) latin += found ?? letter;
    else if (found.length < 2 || isAmongCapitals(text, at)) latin += found.toUpperCase();
    else latin += found.charAt(0).toUpperCase() + found.slice(1);
  }
  return latin;
}

/** By the letter behind it, and at the end of a word by the one before it. */
function isAmongCapitals(text: string, at: number): boolean {
  const [before, behind] = [text[at - 1] ?? '', text[at + 1] ?? ''];
  return isCapital(isLetter(behind) ? behind : before);
}

function isLetter(letter: string): boolean {
  return letter.toLowerCase() !== letter.toUpperCase();
}

function isCapital(letter: string): boolean {
  return letter !== letter.toLowerCase();
}
