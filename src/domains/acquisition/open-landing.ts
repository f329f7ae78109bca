import { type Batcher, createBatcher } from '#batch';
import { type Bus, parcel } from '#bus';
import type { Clock } from '#clock';
import type { Database } from '#database';
import { uuidV7 } from '#ids';
import { userActions } from '#subscriptions';
import type { Answer } from './answer.ts';
import type { Shelf, Showing } from './showing.ts';
import { type AccessCampaign, accessCampaign } from './topics.ts';
import { signVisit, type Visit } from './visit.ts';
import {
  attributionOf,
  type Identity,
  identifyVisitor,
  refererOf,
  userAgentOf,
  type Visitor,
} from './visitor.ts';

export interface LandingDependencies {
  readonly shelf: Shelf;
  readonly hits: Batcher<AccessCampaign, void>;
  readonly clock: Clock;
  readonly secret: string;
}

/**
 * A look at a campaign's page: the hit is stored before the page is answered, and nothing is subscribed,
 * whatever the visitor's number. Throws `campaign_unknown`.
 */
export async function openLanding(
  { shelf, hits, clock, secret }: LandingDependencies,
  link: string,
  visitor: Visitor,
): Promise<Answer> {
  const showing = await shelf.show(link, visitor.localeOf);
  if ('closed' in showing) return { kind: 'closed', ...showing };
  const nowMs = clock.nowMs();
  const identity = identifyVisitor(visitor, showing.operator, showing.isOfOperator);
  const visit: Visit = {
    hit: `hit_${uuidV7(nowMs).replaceAll('-', '')}`,
    campaign: link,
    termsVersion: showing.offer.termsVersion,
    fingerprint: showing.fingerprint,
    locale: showing.speech.locale,
    source: identity.source,
    ...(identity.msisdn && { msisdn: identity.msisdn }),
    ...attributionOf(visitor),
    shownAtMs: nowMs,
  };
  await hits.add(hitOf(visit, identity, visitor));
  return landingOf(showing, visit, secret);
}

/** The page of a visit: it asks for the number unless that is known. */
function landingOf(showing: Showing, visit: Visit, secret: string): Answer {
  const step = visit.msisdn === undefined ? 'landing' : 'confirm';
  const token = signVisit(visit, step, { secret, now: new Date(visit.shownAtMs) });
  return { kind: 'landing', showing, token, ...(visit.msisdn && { msisdn: visit.msisdn }) };
}

function hitOf(visit: Visit, identity: Identity, visitor: Visitor): AccessCampaign {
  const userAgent = userAgentOf(visitor);
  const referer = refererOf(visitor);
  return {
    hit: visit.hit,
    campaign: visit.campaign,
    ...(visit.msisdn && { msisdn: visit.msisdn }),
    msisdn_source: visit.source,
    ...(identity.error && { msisdn_error: identity.error }),
    ...(visit.affSub && { aff_sub: visit.affSub }),
    ...(visit.affPub && { aff_pub: visit.affPub }),
    ...(userAgent && { user_agent: userAgent }),
    address: visitor.address,
    ...(referer && { referer }),
    path: visitor.path,
    at: new Date(visit.shownAtMs).toISOString(),
  };
}

/** Takes hits durably: each caller is answered after the commit that holds its hit. */
export function createHitRecorder(options: {
  readonly database: Database;
  readonly bus: Bus;
}): Batcher<AccessCampaign, void> {
  const { database, bus } = options;
  return createBatcher<AccessCampaign, void>({
    flush: async (hits) => {
      await database.transaction((tx) =>
        bus.publishAll(tx, [
          parcel(
            accessCampaign,
            hits.map((hit) => ({ key: hit.hit, payload: hit })),
          ),
          parcel(
            userActions,
            hits.map((hit) => ({ key: hit.hit, payload: actionOf(hit) })),
          ),
        ]),
      );
      return [];
    },
  });
}

function actionOf({ hit, campaign, msisdn, msisdn_error: error, at }: AccessCampaign) {
  return {
    hit,
    action: 'access',
    campaign,
    ...(msisdn && { msisdn }),
    ...(error && { error }),
    at,
  };
}
