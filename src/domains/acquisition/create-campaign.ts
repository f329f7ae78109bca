import type { Clock } from '#clock';
import type { Database } from '#database';
import type { Operators } from '#operators';
import type { Subscriptions } from '#subscriptions';
import { type Campaign, checkCampaign, type NewCampaign } from './campaign.ts';
import { fail } from './errors.ts';
import { insertCampaign } from './store.ts';

export interface CampaignDependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly operators: Pick<Operators, 'get'>;
  readonly subscriptions: Pick<Subscriptions, 'offer'>;
}

/**
 * Puts a campaign up. Throws `campaign_invalid`, `operator_unknown`, `campaign_service_unknown`,
 * `campaign_operator_differs` (a service is charged through its own operator only), `campaign_link_taken`.
 */
export async function createCampaign(
  { database, clock, operators, subscriptions }: CampaignDependencies,
  input: NewCampaign,
): Promise<Campaign> {
  const campaign: Campaign = { locale: 'en', open: true, translations: {}, ...input };
  checkCampaign(campaign);
  operators.get(campaign.operator);
  const offer = await subscriptions.offer(campaign.serviceCode);
  if (!offer) {
    throw fail('campaign_service_unknown', `There is no service ${campaign.serviceCode}.`, {
      faults: [{ field: 'serviceCode', message: 'the code of a service' }],
    });
  }
  if (offer.operator !== campaign.operator) {
    throw fail(
      'campaign_operator_differs',
      `${campaign.serviceCode} is charged through ${offer.operator}, not ${campaign.operator}.`,
      { faults: [{ field: 'operator', message: `must be ${offer.operator}` }] },
    );
  }
  if (!(await insertCampaign(database.pool, campaign, clock.now()))) {
    throw fail('campaign_link_taken', `There is a campaign at ${campaign.link} already.`, {
      faults: [{ field: 'link', message: 'is taken' }],
    });
  }
  return campaign;
}
