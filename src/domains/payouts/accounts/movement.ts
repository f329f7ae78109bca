import type { Movement } from './account-system.ts';

/** The types of accounts that a payout's money comes by: config/account-types.yaml. */
export type StageType = 'payout' | 'payout-reserved' | 'payout-sent' | 'clearing';

/** From which type of account to which a movement goes. */
export const ROUTES: Readonly<
  Record<Movement, { readonly from: StageType; readonly to: StageType }>
> = {
  reserve: { from: 'payout', to: 'payout-reserved' },
  send: { from: 'payout-reserved', to: 'payout-sent' },
  pay: { from: 'payout-sent', to: 'clearing' },
  cancel: { from: 'payout-reserved', to: 'payout' },
  reject: { from: 'payout-sent', to: 'payout' },
  return: { from: 'clearing', to: 'payout' },
  settle: { from: 'payout', to: 'clearing' },
};

/** The kind of transfer that a movement is in the journal. */
export function kindOf(movement: Movement): string {
  return `payout-${movement}`;
}

/** Beyond it a client's accounts are not asked for: a request that makes so many payouts is a mistake. */
export const ACCOUNTS_MAX = 1000;
export const ACCOUNTS_PAGE = 200;
