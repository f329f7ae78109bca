import { createHash } from 'node:crypto';
import { type AddressMatcher, createAddressMatcher } from '#http';
import { formatMoney } from '#money';
import type { Operator, Operators } from '#operators';
import type { Offer, Subscriptions } from '#subscriptions';
import { type Campaign, isLink } from './campaign.ts';
import { fail } from './errors.ts';
import { type LandingTemplates, landingTemplates } from './landing-page.ts';
import { type Words, wordsOf } from './words.ts';

/** A campaign as visitors see it now, with all that does not change from one visitor to the next. */
export interface Showing {
  readonly campaign: Campaign;
  readonly offer: Offer;
  readonly operator: Operator;
  readonly isOfOperator: AddressMatcher;
  readonly words: Words;
  /** `5.00 PKR a day` */
  readonly price: string;
  /** All that the page says, as one text: what a consent is to. */
  readonly wording: string;
  readonly fingerprint: string;
  readonly templates: LandingTemplates;
}

/** A campaign that takes no new orders, or whose service does not. */
export interface Closed {
  readonly closed: Campaign;
}

export interface Shelf {
  /** Throws `campaign_unknown`. */
  show(link: string): Promise<Showing | Closed>;
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

interface Kept {
  readonly showing: Promise<Showing | Closed | undefined>;
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
    const one = { showing: prepare(link, options), untilMs: performance.now() + options.keepMs };
    // A failure is not kept: the next visitor asks again.
    one.showing.catch(() => kept.delete(link));
    kept.set(link, one);
    return one;
  }

  return {
    async show(link) {
      if (!isLink(link)) throw unknown();
      const known = kept.get(link);
      const one = known && known.untilMs > performance.now() ? known : keep(link);
      const showing = await one.showing;
      if (!showing) throw unknown();
      return showing;
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
): Promise<Showing | Closed | undefined> {
  const campaign = await findCampaign(link);
  if (!campaign?.open) return campaign && { closed: campaign };
  const offer = await subscriptions.offer(campaign.serviceCode);
  if (!offer?.open) return { closed: campaign };
  return showingOf(campaign, offer, operators.get(campaign.operator));
}

function showingOf(campaign: Campaign, offer: Offer, operator: Operator): Showing {
  const words = wordsOf(campaign.locale);
  const price = priceOf(offer, words);
  const wording = wordingOf({ campaign, offer, operator, words, price });
  const facts = { campaign, offer, operator, words, price, wording };
  return {
    ...facts,
    isOfOperator: createAddressMatcher(operator.addressRanges),
    fingerprint: createHash('sha256')
      .update(`${offer.termsVersion}\0${wording}`)
      .digest('base64url')
      .slice(0, FINGERPRINT_LETTERS),
    templates: landingTemplates(facts),
  };
}

/** `5.00 PKR a day` */
export function priceOf(
  { priceMinor, currency, period }: Pick<Offer, 'priceMinor' | 'currency' | 'period'>,
  words: Words,
): string {
  return `${formatMoney({ amountMinor: priceMinor, currency })} ${words.perPeriod[period]}`;
}

/** What the page shows, in the order in which it does. */
function wordingOf({
  campaign,
  offer,
  operator,
  words,
  price,
}: Pick<Showing, 'campaign' | 'offer' | 'operator' | 'words' | 'price'>): string {
  const { headline, description, button, terms } = campaign.texts;
  return [
    offer.title,
    headline,
    description,
    price,
    words.renews[offer.period],
    button,
    words.howToStop(operator.shortCode),
    terms,
  ].join('\n');
}
