import type { Clock } from '#clock';
import type { Tx } from '#database';
import type { Log } from '#log';
import type { Movement } from '#payouts/accounts';
import type { PayoutState } from '#payouts/payout';
import { type Intention, lockPayouts, type PayoutRow } from '#payouts/payout-store';
import type { Step, Stepper } from '#payouts/take-steps';
import { judgeStatus, type Verdict } from './judge-status.ts';
import {
  findParked,
  insertStatuses,
  type Judgement,
  type NewStatus,
  noteHeard,
  type StatusRow,
  writeOutcomes,
} from './status-store.ts';

/** What the ERP's feeds say: kept first, then judged by the machine, in whatever order it comes. */
export interface Statuses {
  /** Keeps statuses and applies what can be applied. Told again, nothing happens. Answers how many were new. */
  receive(tx: Tx, statuses: readonly NewStatus[]): Promise<number>;
  /** Judges again what waits for a step of these payouts, which `tx` has locked. */
  judgeAgain(tx: Tx, payouts: readonly PayoutRow[]): Promise<void>;
}

export interface StatusesOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly stepper: Stepper;
}

const OTHER_CONTENT = 'the same event_id came before with another content';

export function createStatuses({ clock, log, stepper }: StatusesOptions): Statuses {
  async function judgeAgain(
    tx: Tx,
    payouts: readonly PayoutRow[],
    doubtful: ReadonlySet<bigint> = new Set(),
  ): Promise<void> {
    if (payouts.length === 0) return;
    const waiting = Map.groupBy(
      await findParked(
        tx,
        payouts.map(({ id }) => id),
      ),
      ({ payout_id: id }) => id,
    );
    if (waiting.size === 0) return;
    const decided = payouts.map((payout) => decide(payout, waiting.get(payout.id) ?? [], doubtful));
    await writeOutcomes(
      tx,
      decided.flatMap(({ judgements }) => judgements),
    );
    await stepper.flag(
      tx,
      decided.flatMap(({ conflicts }) => conflicts),
    );
    const steps = decided.flatMap(({ step }) => step ?? []);
    await stepper.take(tx, steps);
    await stepper.begin(
      tx,
      decided.flatMap(({ intention }) => intention ?? []),
    );
  }

  return {
    judgeAgain: (tx, payouts) => judgeAgain(tx, payouts),
    async receive(tx, statuses) {
      if (statuses.length === 0) return 0;
      const now = clock.now();
      const added = await insertStatuses(tx, { statuses, now });
      const known = [...new Set(added.flatMap((row) => row.payout_id ?? []))];
      const strange = added.length - added.filter((row) => row.payout_id !== null).length;
      if (strange > 0) log.warn({ statuses: strange }, 'statuses of payouts that nobody knows');
      const payouts = await lockPayouts(tx, known);
      await noteHeard(tx, { payouts: known, now });
      const doubtful = added.filter(({ contents }) => contents > 1).map(({ number }) => number);
      await judgeAgain(tx, payouts, new Set(doubtful));
      return added.length;
    },
  };
}

interface Decision {
  readonly judgements: readonly Judgement[];
  readonly conflicts: readonly { readonly id: bigint; readonly reason: string }[];
  readonly step?: Step;
  readonly intention?: Intention;
}

/**
 * What a payout's waiting statuses come to, in the order in which they came in; again from the first after each step,
 * because one may have waited for it. A step that moves money ends it: all others wait until the money is there.
 */
function decide(
  payout: PayoutRow,
  statuses: readonly StatusRow[],
  doubtful: ReadonlySet<bigint>,
): Decision {
  let state: PayoutState = payout.state;
  let moving: Movement | null = payout.moving;
  let found: Pick<Decision, 'step' | 'intention'> = {};
  const verdicts = new Map<bigint, Verdict>();
  for (let again = true; again; ) {
    again = false;
    for (const said of statuses) {
      const before = verdicts.get(said.number);
      if (before && before.outcome !== 'parked') continue;
      const verdict = doubtful.has(said.number)
        ? ({ outcome: 'conflict', note: OTHER_CONTENT } as const)
        : judge(state, moving, said);
      verdicts.set(said.number, verdict);
      if (verdict.outcome !== 'applied' || !verdict.step) continue;
      const cause = causeOf(said);
      if (verdict.step === 'acknowledge') {
        found = { ...found, step: { payout, step: 'acknowledge', ...cause } };
        state = 'acknowledged';
      } else {
        found = { ...found, intention: { id: payout.id, movement: verdict.step, cause } };
        moving = verdict.step;
      }
      again = true;
      break;
    }
  }
  return { ...found, ...toJudgements(payout, verdicts) };
}

/** While money is on its way every word waits: what it means depends on where the money arrives. */
function judge(state: PayoutState, moving: Movement | null, said: StatusRow): Verdict {
  const verdict = judgeStatus(state, said);
  const waits = moving !== null && verdict.outcome !== 'parked';
  return waits ? { outcome: 'parked', note: `its money is being moved: ${moving}` } : verdict;
}

function causeOf({ event_id, reason, source, status }: StatusRow) {
  return {
    ...{ actor: source, detail: { status, event_id } },
    ...(reason === null ? {} : { reason }),
  };
}

function toJudgements(
  payout: PayoutRow,
  verdicts: ReadonlyMap<bigint, Verdict>,
): Pick<Decision, 'judgements' | 'conflicts'> {
  const judged = [...verdicts].map(([number, verdict]) => ({
    ...{ number, outcome: verdict.outcome },
    note: 'note' in verdict ? verdict.note : null,
  }));
  const conflicts = judged
    .filter(({ outcome }) => outcome === 'conflict')
    .map(({ note }) => ({ id: payout.id, reason: note ?? '' }));
  return { judgements: judged, conflicts };
}
