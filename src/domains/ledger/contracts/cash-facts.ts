import type { Clock } from '#clock';
import type { Database } from '#database';
import { fail } from '#ledger/errors';
import {
  type CashFactRow,
  endHolder,
  findHolder,
  insertHolder,
  readTakes,
  takeFacts,
} from './cash-fact-store.ts';

/** Money that has arrived, as far as it belongs to an account. */
export interface CashFact {
  readonly fact: string;
  /** The statement that brought it: `mobilink/2026-11-25`. */
  readonly reference: string;
  readonly amountMinor: bigint;
}

/** Cash payment facts: whoever pays out takes them, so that each is paid out once. */
export interface CashFacts {
  /**
   * Takes facts of an account for `holder`, oldest first, in all at most the amount; less where less has arrived. Asked
   * again for the same holder it answers the same. Throws `holder_conflict` where that asked for something else.
   */
  takeCash(order: CashOrder): Promise<readonly CashFact[]>;
  /**
   * What the holder had taken can be taken again, by others: it takes nothing from then on, also where its call was under
   * way. Harmless when it is repeated, or nothing was taken.
   */
  returnCash(holder: string): Promise<void>;
}

export interface CashOrder {
  readonly account: bigint;
  readonly holder: string;
  readonly amountMinor: bigint;
}

export function createCashFacts(options: {
  readonly database: Database;
  readonly clock: Clock;
}): CashFacts {
  const { clock, database } = options;
  return {
    async takeCash(order) {
      return database.transaction(async (tx) => {
        // Whoever comes second with the same name waits here for the first.
        const fresh = await insertHolder(tx, order);
        if (fresh) return (await takeFacts(tx, order)).map(fromRow);
        const held = await findHolder(tx, order.holder);
        if (held?.returned) return [];
        if (held?.account_id !== order.account || held.amount !== order.amountMinor) {
          const why = `${order.holder} has asked for other facts before.`;
          throw fail('holder_conflict', why, {
            faults: [{ field: 'holder', message: 'stands for another order' }],
          });
        }
        return (await readTakes(tx, order.holder)).map(fromRow);
      });
    },
    async returnCash(holder) {
      await database.transaction((tx) => endHolder(tx, { holder, now: clock.now() }));
    },
  };
}

function fromRow({ amount, fact, gateway, statement }: CashFactRow): CashFact {
  return {
    fact: `fact_${fact}`,
    reference: `${gateway}/${statement}`,
    amountMinor: amount,
  };
}
