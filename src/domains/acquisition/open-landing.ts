import type { Batcher } from '#batch';
import type { Clock } from '#clock';
import { uuidV7 } from '#ids';
import type { Answer } from './answer.ts';
import type { Shelf, Showing } from './showing.ts';
import type { AccessCampaign } from './topics.ts';
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
  const showing = await shelf.show(link);
  if ('closed' in showing) return { kind: 'closed', campaign: showing.closed };
  const nowMs = clock.nowMs();
  const identity = identifyVisitor(visitor, showing.operator, showing.isOfOperator);
  const visit: Visit = {
    hit: `hit_${uuidV7(nowMs).replaceAll('-', '')}`,
    campaign: link,
    termsVersion: showing.offer.termsVersion,
    fingerprint: showing.fingerprint,
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
