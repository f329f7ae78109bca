import { must } from '#errors';
import type { Account } from '#ledger/account';
import type { Accounts } from '#ledger/open-accounts';
import { credit, debit, type Line, type Transfer } from '#ledger/transfers';
import type { Contracts } from './contracts.ts';
import { giveBack, type Part, splitAmount } from './split.ts';

/** What a gateway has collected. */
export interface Charge {
  /** The payment's: it is the transfer's. */
  readonly id: string;
  /** `pay_…` */
  readonly reference: string;
  /** Who owes us the money now. */
  readonly gateway: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** The version by which it is parted; null: the platform has all of it. */
  readonly contract: bigint | null;
  /** Nobody asked for it: all of it lies in the gateway's account `suspense`, and is nobody's earning. */
  readonly isUnasked?: boolean;
}

/** What a gateway has given back of a charge. */
export interface Refund {
  readonly id: string;
  readonly reference: string;
  /** The charge as it was posted. */
  readonly charge: Charge;
  readonly amountMinor: bigint;
  /** Of the charge, given back before this. */
  readonly refundedMinor: bigint;
}

/** Makes the transfers of charges and refunds. Accounts that are not there yet are opened: call it before a transaction. */
export interface ChargeTransfers {
  charges(charges: readonly Charge[]): Promise<readonly Transfer[]>;
  refunds(refunds: readonly Refund[]): Promise<readonly Transfer[]>;
}

export function createChargeTransfers(accounts: Accounts, contracts: Contracts): ChargeTransfers {
  async function partsOf(charges: readonly Charge[]) {
    const ids = charges.flatMap(({ contract }) => (contract === null ? [] : [contract]));
    const contractOf = await contracts.versions(ids);
    return ({ amountMinor, contract, gateway, isUnasked }: Charge): readonly Part[] => {
      if (isUnasked) return [{ type: 'suspense', clientId: gateway, amountMinor }];
      return splitAmount(amountMinor, contract === null ? [] : contractOf(contract).shares);
    };
  }

  /** `part`s on one side, what the gateway owes on the other. */
  async function toTransfers(
    wanted: readonly (Pick<Charge, 'id' | 'reference' | 'gateway' | 'currency'> & {
      readonly kind: string;
      readonly parts: readonly Part[];
      readonly lines: (gateway: Account, parts: readonly Line[]) => readonly Line[];
    })[],
  ): Promise<readonly Transfer[]> {
    const names = wanted.flatMap(({ currency, gateway, parts }) => [
      { type: 'receivable', clientId: gateway, currency },
      ...parts.map(({ clientId, type }) => ({ type, clientId, currency })),
    ]);
    const opened = await accounts.open(names);
    let at = 0;
    return wanted.map(({ id, kind, lines, parts, reference }) => {
      const gateway = opened[at];
      must(gateway, 'an account for each name');
      const partLines = parts.map(({ amountMinor }, index) => {
        const account = opened[at + 1 + index];
        must(account, 'an account for each part');
        return { account, amountMinor };
      });
      at += 1 + parts.length;
      // It has happened at the gateway: no balance refuses it.
      return { id, kind, reference, fact: true, lines: lines(gateway, partLines) };
    });
  }

  return {
    async charges(charges) {
      const parts = await partsOf(charges);
      return toTransfers(
        charges.map((charge) => ({
          ...{ ...charge, kind: 'charge', parts: parts(charge) },
          lines: (gateway, ofParts) => [
            debit(gateway, charge.amountMinor),
            ...ofParts.map(({ account, amountMinor }) => credit(account, amountMinor)),
          ],
        })),
      );
    },
    async refunds(refunds) {
      const parts = await partsOf(refunds.map(({ charge }) => charge));
      return toTransfers(
        refunds.map((refund) => ({
          ...{ id: refund.id, reference: refund.reference, kind: 'refund' },
          ...{ gateway: refund.charge.gateway, currency: refund.charge.currency },
          parts: giveBack(parts(refund.charge), refund),
          lines: (gateway, ofParts) => [
            ...ofParts.map(({ account, amountMinor }) => debit(account, amountMinor)),
            credit(gateway, refund.amountMinor),
          ],
        })),
      );
    },
  };
}
