import { type Batcher, createBatcher } from '#batch';
import { type Bus, parcel } from '#bus';
import type { Database } from '#database';
import { userActions } from '#subscriptions';
import { type AccessCampaign, accessCampaign } from './topics.ts';

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
