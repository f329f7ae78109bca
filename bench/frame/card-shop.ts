import { groupsOfGateway, type House } from '#house';
import { standardPublicId } from '#simulators/cloudpayments';
import { defaultPolicy } from '#subscriptions/dunning';

export const GATEWAY = 'cloudpayments';
export const PLAN = 'radio-month';
export const API_SECRET = '0123456789abcdef0123456789abcdef';
/** The gateway's rate is lifted: here the house is measured. */
const RATE_LIFTED = 50_000;
export const TYPES = ['Pay', 'Fail', 'Confirm', 'Refund', 'Cancel', 'Recurrent'] as const;

/** Of our routes: where the gateway tells news of a type. */
export function addressOf(type: string): string {
  return `/v1/webhooks/${GATEWAY}/${type.toLowerCase()}`;
}

/** Of the simulator's terminal: what differs from its standard. */
export async function setTerminal(gatewayUrl: string, wanted: object): Promise<void> {
  const answer = await fetch(`${gatewayUrl}/control/sites/${standardPublicId}`, {
    ...{ method: 'PUT', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify(wanted),
  });
  if (!answer.ok) throw new Error(`the gateway's settings: ${await answer.text()}`);
}

/** An account at the gateway, and a plan that is paid by card. */
export async function openShop(house: House, baseUrl: string): Promise<void> {
  await house.database.transaction(async (tx) => {
    await house.gatewayAccounts.save(
      tx,
      {
        ...{ name: GATEWAY, kind: 'cloudpayments', title: 'Bench', enabled: true, weight: 1 },
        settings: { public_id: standardPublicId, base_url: baseUrl },
        ...{ secrets: { api_secret: API_SECRET }, requestsPerSecond: RATE_LIFTED },
      },
      'bench',
    );
    await house.subscriptions.cards.addPlan(tx, {
      ...{ code: PLAN, title: 'Radio, a month', operator: 'card', methods: ['card'] },
      ...{ timeZone: 'Europe/Moscow', trialDays: 0, pauseDaysMost: 30, leadMinutes: 60 },
      ...{ precision: 'second', dunning: defaultPolicy, texts: {} },
      price: {
        ...{ unitPriceMinor: 19_900n, setupFeeMinor: 0n, currency: 'RUB' },
        ...{ interval: { unit: 'month', count: 1 }, tax: { name: 'vat22', basisPoints: 2200 } },
      },
    });
  });
  await house.gatewayAccounts.refresh();
  await house.declareGroups();
  await house.bus.declare(groupsOfGateway(GATEWAY));
}
