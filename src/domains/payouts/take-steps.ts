import type { Bus } from '#bus';
import type { Clock } from '#clock';
import type { Tx } from '#database';
import { must } from '#errors';
import { nextPayoutState, type PayoutStep, payoutId } from './payout.ts';
import {
  beginMoves,
  type Cause,
  flagConflicts,
  type Intention,
  type PayoutRow,
  type StepChange,
  writeSteps,
} from './payout-store.ts';
import { type PayoutEvent, payoutEvents } from './topics.ts';

/** The one way to change a payout: by a step of the table, written down and told in the same transaction. */
export interface Stepper {
  /** The payouts are locked, each named once. Answers them as they stand then. */
  take(tx: Tx, steps: readonly Step[]): Promise<readonly PayoutRow[]>;
  /** Writes down what is to be moved; `oebs-gate` moves it, and takes the step. */
  begin(tx: Tx, intentions: readonly Intention[]): Promise<void>;
  /** Flags what people have to look at. */
  flag(
    tx: Tx,
    conflicts: readonly { readonly id: bigint; readonly reason: string }[],
  ): Promise<void>;
}

export interface Step
  extends Cause,
    Pick<StepChange, 'reservedMinor' | 'uncoveredMinor' | 'approval'> {
  readonly payout: PayoutRow;
  readonly step: PayoutStep;
}

export interface StepperOptions {
  readonly bus: Bus;
  readonly clock: Clock;
}

const EVENTS: Readonly<Record<PayoutStep, string>> = {
  check: 'checking',
  hold: 'held',
  release: 'released',
  require_approval: 'needs_approval',
  approve: 'approved',
  refuse: 'refused',
  expire: 'expired',
  reserve: 'reserved',
  find_empty: 'empty',
  send: 'sent',
  acknowledge: 'acknowledged',
  pay: 'paid',
  cancel: 'cancelled',
  reject: 'rejected',
  return: 'returned',
  settle: 'settled',
  resolve: 'resolved',
};

export function createStepper({ bus, clock }: StepperOptions): Stepper {
  const toEvent = (event: string, row: PayoutRow, reason: string | undefined) => ({
    key: row.id.toString(),
    payload: {
      ...{ event, payout: payoutId(row.id), client_id: row.client_id, state: row.state },
      ...{ amount_minor: Number(row.reserved_minor ?? row.amount_minor), currency: row.currency },
      ...(reason === undefined ? {} : { reason }),
      at: clock.now().toISOString(),
    } satisfies PayoutEvent,
  });

  return {
    async take(tx, steps) {
      if (steps.length === 0) return [];
      const rows = await writeSteps(tx, { changes: steps.map(toChange), now: clock.now() });
      const stepOf = new Map(steps.map((step) => [step.payout.id, step]));
      const events = rows.map((row) => {
        const step = stepOf.get(row.id);
        must(step, 'a payout that has changed was to change');
        return toEvent(EVENTS[step.step], row, step.reason);
      });
      await bus.publish(tx, payoutEvents, events);
      return rows;
    },
    async begin(tx, intentions) {
      if (intentions.length > 0) await beginMoves(tx, intentions);
    },
    async flag(tx, conflicts) {
      if (conflicts.length === 0) return;
      const firsts = new Map(conflicts.toReversed().map((one) => [one.id, one]));
      const flagged = await flagConflicts(tx, [...firsts.values()]);
      const events = flagged.map((row) => toEvent('conflicted', row, row.conflict ?? undefined));
      await bus.publish(tx, payoutEvents, events);
    },
  };
}

function toChange({ payout, step, ...more }: Step): StepChange {
  const to = nextPayoutState(payout.state, step);
  must(to, `${step} is a step of a payout that is ${payout.state}`);
  return { ...more, id: payout.id, step, from: payout.state, to };
}
