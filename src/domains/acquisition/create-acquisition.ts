import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { createRateLimiter } from '#http';
import type { Operators } from '#operators';
import type { Sms } from '#sms';
import type { Subscriptions } from '#subscriptions';
import type { Answer } from './answer.ts';
import type { Campaign, NewCampaign } from './campaign.ts';
import { confirmKnownNumber, confirmPin } from './confirm-consent.ts';
import { createCampaign } from './create-campaign.ts';
import { createHitRecorder, openLanding } from './open-landing.ts';
import { createConsentRecorder } from './record-consents.ts';
import type { PostedForm } from './resume-visit.ts';
import { type NumberForm, sendPin } from './send-pin.ts';
import { createShelf } from './showing.ts';
import { readStopLink, type Stoppable, type Stopped, stopByLink } from './stop-by-link.ts';
import { findCampaign, readCampaigns, updateCampaignOpen } from './store.ts';
import type { Visitor } from './visitor.ts';

/** Everything between a click and a consent, and the way out by link. */
export interface Acquisition {
  /** Throws `campaign_invalid`, `campaign_link_taken` and others that name what does not fit. */
  createCampaign(campaign: NewCampaign): Promise<Campaign>;
  /** Newest first, at most `limit`. */
  campaigns(limit: number): Promise<readonly Campaign[]>;
  /** Closes a campaign or opens it again; false when there is none of that link. */
  setCampaignOpen(link: string, open: boolean): Promise<boolean>;

  openLanding(link: string, visitor: Visitor): Promise<Answer>;
  sendPin(form: NumberForm): Promise<Answer>;
  confirmPin(form: PostedForm & { readonly pin: string }, visitor: Visitor): Promise<Answer>;
  confirmKnownNumber(form: PostedForm, visitor: Visitor): Promise<Answer>;
  readStopLink(token: string): Promise<Stoppable>;
  stopByLink(token: string, visitor: Visitor): Promise<Stopped>;

  /** Resolves when everything that was taken has been answered. */
  drain(): Promise<void>;
}

export interface AcquisitionOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  /** `KOPEK_SECRET`: signs forms, hides PINs. */
  readonly secret: string;
  readonly operators: Pick<Operators, 'get'>;
  readonly sms: Pick<Sms, 'send'>;
  readonly subscriptions: Pick<
    Subscriptions,
    | 'consentsOf'
    | 'find'
    | 'localeAgreedIn'
    | 'offer'
    | 'readUnsubscribeToken'
    | 'recordConsent'
    | 'stop'
  >;
  /** How long a campaign and its offer are remembered; a second unless told. */
  readonly keepMs?: number;
  /** Other takers of hits and consents: a benchmark's floor is this very site with takers that store nothing. */
  readonly takers?: {
    readonly hits: ReturnType<typeof createHitRecorder>;
    readonly consents: ReturnType<typeof createConsentRecorder>;
  };
}

const KEEP_MS = 1000;
/** Forms that send, prove or stop something. Whole neighbourhoods share one address of a mobile network. */
const FORMS_PER_MINUTE = 60;
/** Beside the cooling down of each service's own PIN. */
const PINS_PER_MINUTE = 3;

export function createAcquisition(options: AcquisitionOptions): Acquisition {
  const { database, operators, subscriptions, keepMs = KEEP_MS } = options;
  const shelf = createShelf({
    ...{ operators, subscriptions, keepMs },
    findCampaign: (link) => findCampaign(database.pool, link),
  });
  const { hits, consents } = options.takers ?? {
    hits: createHitRecorder(options),
    consents: createConsentRecorder(options),
  };
  const limits = {
    formsFromAddress: createRateLimiter({ perMinute: FORMS_PER_MINUTE }),
    pinsToNumber: createRateLimiter({ perMinute: PINS_PER_MINUTE }),
  };
  const dependencies = { ...options, shelf, hits, consents, limits };

  return {
    createCampaign: (campaign) => createCampaign(options, campaign),
    campaigns: (limit) => readCampaigns(database.pool, limit),
    async setCampaignOpen(link, open) {
      shelf.forget(link);
      return updateCampaignOpen(database.pool, { link, open });
    },
    openLanding: (link, visitor) => openLanding(dependencies, link, visitor),
    sendPin: (form) => sendPin(dependencies, form),
    confirmPin: (form, visitor) => confirmPin(dependencies, form, visitor),
    confirmKnownNumber: (form, visitor) => confirmKnownNumber(dependencies, form, visitor),
    readStopLink: (token) => readStopLink(options, token),
    stopByLink: (token, visitor) => stopByLink(dependencies, token, visitor),
    async drain() {
      await Promise.all([hits.drain(), consents.drain()]);
    },
  };
}
