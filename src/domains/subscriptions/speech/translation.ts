/** The same texts in another language; what is counted is counted there too, by its own categories. */
export type TranslationOf<Texts, Category extends string> = {
  readonly [Key in keyof Texts]: Texts[Key] extends string
    ? string
    : Readonly<Record<Category, string>>;
};

/** The categories of `Intl.PluralRules` for whole numbers and fractions. */
export type RussianCategory = 'one' | 'few' | 'many' | 'other';
