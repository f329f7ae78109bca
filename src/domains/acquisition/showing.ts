import { createHash } from 'node:crypto';
import { type AddressMatcher, createAddressMatcher } from '#http';
import type { Operator, Operators } from '#operators';
import type { Offer, Subscriptions } from '#subscriptions';
import { type Locale, localeOf, type Speech, speechOf } from '#subscriptions/speech';
import { type Campaign, type CampaignTexts, isLink, textsFor } from './campaign.ts';
import { fail } from './errors.ts';
import { type LandingTemplates, landingTemplates } from './landing-page.ts';
import { priceOf } from './price.ts';

/** A campaign as visitors of one language see it now, with all that does not change from one of them to the next. */
export interface Showing {
  readonly campaign: Campaign;
  readonly offer: Offer;
  readonly operator: Operator;
  readonly isOfOperator: AddressMatcher;
  readonly speech: Speech;
  /** The campaign's own, as far as it has them in this language, and the language that they are in. */
  readonly texts: CampaignTexts;
  readonly lang: string;
  /** `PKR 5.00 a day` */
  readonly price: string;
  /** All that the page says, as one text: what a consent is to. */
  readonly wording: string;
  readonly fingerprint: string;
  readonly templates: LandingTemplates;
}

/** A campaign that takes no new orders, or whose service does not. */
export interface Closed {
  readonly closed: Campaign;
  readonly speech: Speech;
}

export interface Shelf {
  /** `choose` is told the campaign's own language. Throws `campaign_unknown`. */
  show(link: string, choose: (own: Locale) => Locale): Promise<Showing | Closed>;
  /** The next one who asks sees the campaign as it is now. */
  forget(link: string): void;
}

export interface ShelfOptions {
  readonly findCampaign: (link: string) => Promise<Campaign | undefined>;
  readonly operators: Pick<Operators, 'get'>;
  readonly subscriptions: Pick<Subscriptions, 'offer'>;
  /** How long a showing is kept: a changed campaign shows this much later. */
  readonly keepMs: number;
}

/** A campaign with what was looked up for it, and its page in each language that was asked for. */
interface Prepared {
  readonly campaign: Campaign;
  /** Absent where it takes no new orders. */
  readonly on?: { readonly offer: Offer; readonly operator: Operator };
  readonly showings: Map<Locale, Showing>;
}

interface Kept {
  readonly prepared: Promise<Prepared | undefined>;
  readonly untilMs: number;
}

/** Links that were asked for, unknown ones too; beyond it the shelf is cleared. */
const KEPT_MAX = 5000;
const FINGERPRINT_LETTERS = 22;

/** Looks a campaign up once for all visitors of the next moment, and makes its page once. */
export function createShelf(options: ShelfOptions): Shelf {
  const kept = new Map<string, Kept>();

  function keep(link: string): Kept {
    if (kept.size >= KEPT_MAX) kept.clear();
    const one = { prepared: prepare(link, options), untilMs: performance.now() + options.keepMs };
    // A failure is not kept: the next visitor asks again.
    one.prepared.catch(() => kept.delete(link));
    kept.set(link, one);
    return one;
  }

  return {
    async show(link, choose) {
      if (!isLink(link)) throw unknown();
      const known = kept.get(link);
      const one = known && known.untilMs > performance.now() ? known : keep(link);
      const prepared = await one.prepared;
      if (!prepared) throw unknown();
      return showIn(prepared, choose(localeOf(prepared.campaign.locale) ?? 'en'));
    },
    forget: (link) => void kept.delete(link),
  };
}

function unknown() {
  return fail('campaign_unknown', 'There is no offer at this address.');
}

async function prepare(
  link: string,
  { findCampaign, operators, subscriptions }: ShelfOptions,
): Promise<Prepared | undefined> {
  const campaign = await findCampaign(link);
  if (!campaign) return undefined;
  const showings = new Map<Locale, Showing>();
  const offer = campaign.open ? await subscriptions.offer(campaign.serviceCode) : undefined;
  if (!offer?.open) return { campaign, showings };
  return { campaign, showings, on: { offer, operator: operators.get(campaign.operator) } };
}

function showIn({ campaign, on, showings }: Prepared, locale: Locale): Showing | Closed {
  if (!on) return { closed: campaign, speech: speechOf(locale) };
  const known = showings.get(locale) ?? showingOf({ ...on, campaign, speech: speechOf(locale) });
  showings.set(locale, known);
  return known;
}

function showingOf(about: Pick<Showing, 'campaign' | 'offer' | 'operator' | 'speech'>): Showing {
  const { campaign, offer, operator, speech } = about;
  const price = priceOf(offer, speech);
  const facts = { ...about, ...textsFor(campaign, speech.locale), price };
  const wording = wordingOf(facts);
  return {
    ...{ ...facts, wording },
    isOfOperator: createAddressMatcher(operator.addressRanges),
    fingerprint: createHash('sha256')
      .update(`${offer.termsVersion}\0${wording}`)
      .digest('base64url')
      .slice(0, FINGERPRINT_LETTERS),
    templates: landingTemplates({ ...facts, wording }),
  };
}

/** What the page shows, in the order in which it does. */
function wordingOf({
  offer,
  operator,
  price,
  speech,
  texts,
}: Pick<Showing, 'offer' | 'operator' | 'price' | 'speech' | 'texts'>): string {
  const { headline, description, button, terms } = texts;
  return [
    offer.title,
    headline,
    description,
    price,
    speech.say(`landing.renews_${offer.period}`),
    button,
    speech.say('landing.how_to_stop', { code: operator.shortCode }),
    terms,
  ].join('\n');
}
