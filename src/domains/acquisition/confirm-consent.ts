import type { Batcher } from '#batch';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { AppError, must } from '#errors';
import type { RateLimiter } from '#http';
import type { ConsentInput, Subscriptions } from '#subscriptions';
import type { Answer } from './answer.ts';
import type { Confirmation, Confirmed } from './record-consents.ts';
import { type PostedForm, resumeVisit } from './resume-visit.ts';
import { pinSubject } from './send-pin.ts';
import type { Shelf, Showing } from './showing.ts';
import { type PinVisit, type Step, signVisit, type Visit } from './visit.ts';
import { userAgentOf, type Visitor } from './visitor.ts';

export interface ConfirmDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly secret: string;
  readonly shelf: Shelf;
  readonly consents: Batcher<Confirmation, Confirmed>;
  readonly limits: { readonly formsFromAddress: RateLimiter };
  readonly subscriptions: Pick<Subscriptions, 'consentsOf'>;
}

/** The button of a page that knew the number: the person's word for it. Throws what `resumeVisit` does. */
export async function confirmKnownNumber(
  { database, clock, secret, shelf, consents, subscriptions }: ConfirmDependencies,
  form: PostedForm,
  visitor: Visitor,
): Promise<Answer> {
  const sealing = { secret, now: clock.now() };
  const at = { executor: database.pool, shelf, sealing, subscriptions };
  const resumed = await resumeVisit<Visit>(at, form, 'confirm');
  if (resumed.answer) return resumed.answer;
  const { visit, showing } = resumed;
  const { msisdn, source } = visit;
  must(msisdn !== undefined && source !== 'none', 'a form to confirm carries a known number');
  const consent = consentOf({ ...visit, msisdn }, showing, {
    method: source,
    confirmedAt: sealing.now,
    evidence: evidenceOf(visitor),
  });
  const confirmed = await addConsent({ consents, shelf }, { consent });
  if (!confirmed) return showWhatChanged(at, form, 'confirm');
  must(confirmed.outcome === 'converted', 'where no PIN is asked none is wrong');
  return { kind: 'done', showing, msisdn: confirmed.msisdn };
}

/**
 * The PIN that the person typed: it proves the number and is the consent. A wrong try is stored, as it is
 * counted. Throws what `resumeVisit` does, and `rate_limited`.
 */
export async function confirmPin(
  { database, clock, secret, shelf, consents, limits, subscriptions }: ConfirmDependencies,
  form: PostedForm & { readonly pin: string },
  visitor: Visitor,
): Promise<Answer> {
  limits.formsFromAddress.take(visitor.address);
  const sealing = { secret, now: clock.now() };
  const at = { executor: database.pool, shelf, sealing, subscriptions };
  const resumed = await resumeVisit<PinVisit>(at, form, 'pin');
  if (resumed.answer) return resumed.answer;
  const { visit, showing } = resumed;
  const pinSentAt = new Date(visit.pinSentAtMs).toISOString();
  const consent = consentOf(visit, showing, {
    method: 'pin',
    confirmedAt: sealing.now,
    evidence: { ...evidenceOf(visitor), pinSentAt },
  });
  const pin = { subject: pinSubject(visit, showing), typed: form.pin.replace(/\s/g, '') };
  const confirmed = await addConsent({ consents, shelf }, { consent, pin });
  if (!confirmed) return showWhatChanged(at, form, 'pin');
  const shown = { showing, token: signVisit(visit, 'pin', sealing), msisdn: visit.msisdn };
  switch (confirmed.outcome) {
    case 'converted':
      return { kind: 'done', showing, msisdn: confirmed.msisdn };
    case 'wrong':
      return { kind: 'pin_wrong', ...shown, triesLeft: confirmed.triesLeft };
    case 'locked':
    case 'expired':
    case 'none':
      return { kind: `pin_${confirmed.outcome}`, ...shown };
  }
}

const OFFER_GONE = new Set(['terms_outdated', 'service_closed', 'service_unknown']);

/** Undefined when the offer has changed within the moment for which the shelf remembers it. */
async function addConsent(
  { consents, shelf }: Pick<ConfirmDependencies, 'consents' | 'shelf'>,
  confirmation: Confirmation,
): Promise<Confirmed | undefined> {
  try {
    return await consents.add(confirmation);
  } catch (error) {
    if (!(error instanceof AppError) || !OFFER_GONE.has(error.code)) throw error;
    shelf.forget(confirmation.consent.attribution.campaign);
    return undefined;
  }
}

async function showWhatChanged(
  at: Parameters<typeof resumeVisit>[0],
  form: PostedForm,
  step: Step,
): Promise<Answer> {
  const { answer } = await resumeVisit(at, form, step);
  must(answer, 'an offer that was refused as outdated is not the one that was shown');
  return answer;
}

function consentOf(
  visit: Visit & { readonly msisdn: string },
  showing: Showing,
  more: Pick<ConsentInput, 'method' | 'confirmedAt' | 'evidence'>,
): ConsentInput {
  const { campaign, offer, price, speech, wording } = showing;
  return {
    msisdn: visit.msisdn,
    serviceCode: offer.serviceCode,
    termsVersion: offer.termsVersion,
    visit: visit.hit,
    textShown: wording,
    priceShown: price,
    locale: speech.locale,
    attribution: {
      ...(visit.affSub && { affSub: visit.affSub }),
      ...(visit.affPub && { affPub: visit.affPub }),
      campaign: campaign.link,
    },
    shownAt: new Date(visit.shownAtMs),
    ...more,
  };
}

function evidenceOf(visitor: Visitor): Readonly<Record<string, unknown>> {
  const userAgent = userAgentOf(visitor);
  return { address: visitor.address, ...(userAgent && { userAgent }) };
}
