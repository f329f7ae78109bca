/** In which language a customer is spoken to, and all that is said to him. */
export { catalogue, type PlainKey, type TextKey } from './catalogue.ts';
export {
  createLocaleChoice,
  isCustomerPage,
  type LocaleChoice,
  languageHref,
  type Reader,
  registerLanguage,
} from './choice.ts';
export { type Locale, localeNames, localeOf, locales, readAcceptLanguage } from './locale.ts';
export { NUMBER_EXAMPLE, type Speech, speechOf } from './speech.ts';
