import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { uuidV7 } from '#ids';
import { approvalHash } from '#payouts/payout';
import { lockOwned, type PayoutRow } from '#payouts/payout-store';
import type { Step, Stepper } from '#payouts/take-steps';
import { findApprovers } from './approval-store.ts';
import { findLimits, insertClients, lockHeldClients } from './client-store.ts';
import { lease, lockOverdueApprovals, lockUnchecked } from './due-store.ts';

/** Judges payouts before any money moves: is their client held, are they so large that people must approve. */
export interface Checker {
  /** A batch; answers how many it took up. */
  check(): Promise<number>;
  /** Ends what has waited too long for approvals. */
  expire(): Promise<number>;
}

export interface CheckerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly stepper: Stepper;
  /** Payouts above it must be approved, by currency; a client's own limit comes before it. */
  readonly approvalAbove: ReadonlyMap<string, bigint>;
  readonly approvalDays: number;
  readonly batchSize: number;
}

const ACTOR = 'oebs-gate';
/** Two people, neither of them who asked. */
export const APPROVALS_NEEDED = 2;
/** Between the two transactions there is no call: a checker that takes longer is dead. */
const LEASE_MS = 30_000;
const DAY_MS = 86_400_000;

export function createChecker(options: CheckerOptions): Checker {
  const { batchSize, clock, database, stepper } = options;

  async function judge(tx: Tx, payouts: readonly PayoutRow[]): Promise<readonly Step[]> {
    const clients = [...new Set(payouts.map((payout) => payout.client_id))];
    const limits = new Map(
      (await findLimits(tx, clients)).map((one) => [
        JSON.stringify([one.client_id, one.currency]),
        one.approval_above_minor,
      ]),
    );
    const approvers = await findApprovers(
      tx,
      payouts.map((payout) => ({ id: payout.id, hash: hashOf(payout) })),
    );
    return payouts.map((payout) => {
      const own = limits.get(JSON.stringify([payout.client_id, payout.currency]));
      const limit = own ?? options.approvalAbove.get(payout.currency);
      const asks = limit !== undefined && payout.amount_minor > limit;
      const given = approvers.get(payout.id) ?? 0;
      const approval = { needed: asks ? APPROVALS_NEEDED : 0, hash: hashOf(payout) };
      const passed = given >= approval.needed;
      const step = passed ? ('approve' as const) : ('require_approval' as const);
      return { payout, step, actor: ACTOR, approval };
    });
  }

  return {
    async check() {
      const owner = uuidV7();
      const taken = await database.transaction(async (tx) => {
        const unchecked = await lockUnchecked(tx, batchSize);
        if (unchecked.length === 0) return [];
        const fresh = unchecked.filter(({ state }) => state === 'new');
        await stepper.take(
          tx,
          fresh.map((payout) => ({ payout, step: 'check', actor: ACTOR })),
        );
        await lease(tx, { ids: unchecked.map(({ id }) => id), owner, leaseMs: LEASE_MS });
        return unchecked;
      });
      if (taken.length > 0) await database.transaction((tx) => decide(tx, { owner, taken }));
      return taken.length;
    },
    async expire() {
      const before = new Date(clock.nowMs() - options.approvalDays * DAY_MS);
      return database.transaction(async (tx) => {
        const overdue = await lockOverdueApprovals(tx, { before, limit: batchSize });
        const reason = `not approved within ${options.approvalDays} days`;
        await stepper.take(
          tx,
          overdue.map((payout) => ({ payout, step: 'expire', actor: ACTOR, reason })),
        );
        return overdue.length;
      });
    },
  };

  /** Clients first, then payouts: the order in which a hold locks them. */
  async function decide(
    tx: Tx,
    { owner, taken }: { readonly owner: string; readonly taken: readonly PayoutRow[] },
  ): Promise<void> {
    const clients = [...new Set(taken.map((payout) => payout.client_id))];
    await insertClients(tx, clients);
    const held = await lockHeldClients(tx, clients);
    const ours = await lockOwned(tx, { owner, ids: taken.map(({ id }) => id) });
    const payouts = ours.filter(({ state }) => state === 'checking');
    const [stopped, free] = [
      payouts.filter(({ client_id: client }) => held.has(client)),
      payouts.filter(({ client_id: client }) => !held.has(client)),
    ];
    await stepper.take(tx, [
      ...stopped.map((payout): Step => {
        const reason = held.get(payout.client_id) ?? '';
        return { payout, step: 'hold', actor: ACTOR, reason };
      }),
      ...(await judge(tx, free)),
    ]);
  }
}

export function hashOf(payout: PayoutRow): string {
  const { account, amount_minor: amountMinor, client_id: clientId, currency } = payout;
  return approvalHash({ account, amountMinor, clientId, currency });
}
