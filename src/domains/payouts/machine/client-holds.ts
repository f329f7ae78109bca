import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import type { PayoutState } from '#payouts/payout';
import type { Stepper } from '#payouts/take-steps';
import {
  type ClientRow,
  endHold,
  insertClients,
  lockPayoutsOfClient,
  writeHold,
} from './client-store.ts';

/** Holds: nothing of a held client is reserved or sent; what was sent before can not be held any more. */
export interface ClientHolds {
  hold(order: {
    readonly clientId: string;
    readonly reason: string;
    readonly by: string;
  }): Promise<ClientRow>;
  /** Its payouts are checked again. */
  release(order: { readonly clientId: string; readonly by: string }): Promise<void>;
}

/** One statement's worth; a client with more payouts takes several. */
const BATCH_SIZE = 1000;
const HELD_BACK: readonly PayoutState[] = ['checking', 'needs_approval', 'approved'];

export function createClientHolds(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly stepper: Stepper;
}): ClientHolds {
  const { clock, database, stepper } = options;

  async function takeAll(
    tx: Tx,
    input: {
      readonly clientId: string;
      readonly states: readonly PayoutState[];
      readonly step: 'hold' | 'release';
      readonly by: string;
      readonly reason?: string;
    },
  ): Promise<void> {
    const { by, clientId, reason, states, step } = input;
    for (let after = 0n; ; ) {
      const page = { clientId, states, after, limit: BATCH_SIZE };
      const payouts = await lockPayoutsOfClient(tx, page);
      const why = reason === undefined ? {} : { reason };
      await stepper.take(
        tx,
        payouts.map((payout) => ({ payout, step, actor: by, ...why })),
      );
      const last = payouts.at(-1);
      if (!last || payouts.length < BATCH_SIZE) return;
      after = last.id;
    }
  }

  return {
    // What is reserved keeps its state: its money has been set aside, and `send` is not begun while the hold lasts.
    hold: ({ by, clientId, reason }) =>
      database.transaction(async (tx) => {
        const held = await writeHold(tx, { clientId, reason, by, now: clock.now() });
        await takeAll(tx, { clientId, states: HELD_BACK, step: 'hold', by, reason });
        return held;
      }),
    release: ({ by, clientId }) =>
      database.transaction(async (tx) => {
        await insertClients(tx, [clientId]);
        await endHold(tx, clientId);
        await takeAll(tx, { clientId, states: ['on_hold'], step: 'release', by });
      }),
  };
}
