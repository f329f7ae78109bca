import { type Locale, localeOf, locales } from '#subscriptions/speech';
import { fail } from './errors.ts';

/** What a landing page says in words of its own; price, period and how to stop it says by itself. */
export interface CampaignTexts {
  readonly headline: string;
  readonly description: string;
  /** Of the button that asks for the subscription. */
  readonly button: string;
  /** Small print. */
  readonly terms: string;
}

/** One way by which visitors come to a service: a landing page at `/lp/<link>`. */
export interface Campaign {
  readonly link: string;
  readonly title: string;
  readonly serviceCode: string;
  readonly operator: string;
  /** The language of `texts`, and of the whole page where its visitor wants none that we speak. */
  readonly locale: string;
  readonly texts: CampaignTexts;
  /** The same in other languages, by language. */
  readonly translations: Readonly<Record<string, CampaignTexts>>;
  /** A closed one shows that it is over. */
  readonly open: boolean;
}

export type NewCampaign = Omit<Campaign, 'locale' | 'open' | 'translations'> &
  Partial<Pick<Campaign, 'locale' | 'open' | 'translations'>>;

/** A campaign's texts for whoever reads `locale`, and the language that they are in. */
export function textsFor(
  { locale: own, texts, translations }: Campaign,
  locale: Locale,
): { readonly texts: CampaignTexts; readonly lang: string } {
  const translated = Object.hasOwn(translations, locale) ? translations[locale] : undefined;
  return translated ? { texts: translated, lang: locale } : { texts, lang: own };
}

const LINK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const TITLE_LENGTH_MAX = 200;
/** Keeps every page far below its 20 KB. */
const TEXT_LENGTH_MAX: Readonly<Record<keyof CampaignTexts, number>> = {
  headline: 120,
  description: 1000,
  button: 40,
  terms: 2000,
};

/** Whether `text` could be the link of a campaign at all: asked before anything is looked up. */
export function isLink(text: string): boolean {
  return LINK.test(text);
}

/** Throws `campaign_invalid`, naming the field, for what can't be shown. */
export function checkCampaign(campaign: Campaign): void {
  if (!isLink(campaign.link)) {
    refuse('link', 'letters, digits, dots, dashes and underscores, at most 64, such as cpm.k.ak0');
  }
  checkLength('title', campaign.title, TITLE_LENGTH_MAX);
  checkLocale('locale', campaign.locale);
  checkTexts('texts', campaign.texts);
  for (const [locale, texts] of Object.entries(campaign.translations)) {
    checkLocale(`translations.${locale}`, locale);
    checkTexts(`translations.${locale}`, texts);
  }
}

function checkLocale(field: string, locale: string): void {
  if (localeOf(locale) !== locale)
    refuse(field, `a language that the pages speak: ${locales.join(', ')}`);
}

function checkTexts(field: string, texts: CampaignTexts): void {
  for (const [name, lengthMax] of Object.entries(TEXT_LENGTH_MAX)) {
    checkLength(`${field}.${name}`, texts[name as keyof CampaignTexts], lengthMax);
  }
}

function checkLength(field: string, text: string, lengthMax: number): void {
  if (text.trim() === '' || text.length > lengthMax) refuse(field, `1 to ${lengthMax} letters`);
}

function refuse(field: string, message: string): never {
  throw fail('campaign_invalid', `${field} must be ${message}.`, { faults: [{ field, message }] });
}
