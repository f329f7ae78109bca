import type { CardContext } from '#subscriptions/cards/card-context';
import { CARD } from '#subscriptions/sms-route';

/** By which contract what is charged now for a plan is parted. */
export type Allocation = (code: string) => { readonly allocation?: bigint };

export async function allocationNow({ ledger }: Pick<CardContext, 'ledger'>): Promise<Allocation> {
  const contractOf = await ledger.contracts.now();
  return (code) => {
    const contract = contractOf(code, CARD);
    return contract ? { allocation: contract.id } : {};
  };
}
