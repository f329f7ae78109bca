import type { Bus, Group } from '#bus';
import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import type { Log } from '#log';
import type { Metrics } from '#metrics';
import type { AccountSystem } from './accounts/index.ts';
import {
  type ApprovalRow,
  type Approvals,
  addPayoutMetrics,
  type ClientHolds,
  createApprovals,
  createChecker,
  createClientHolds,
  createMover,
  createOebsGate,
  createPayoutEnds,
  deleteLimit,
  type FactView,
  findPayout,
  listApprovals,
  listFacts,
  listPayouts,
  listSteps,
  type OebsGate,
  type PayoutEnds,
  type PayoutView,
  type StepView,
  writeLimit,
} from './machine/index.ts';
import {
  createBusGate,
  createStatuses,
  type ErpGate,
  followStatuses,
  listStatuses,
  payoutGroups,
  type Statuses,
  type StatusRow,
} from './statuses/index.ts';
import { createStepper } from './take-steps.ts';
import type { PayoutTopics } from './topics.ts';

/** Payouts from their creation to their end: what moves their money, what people decide, what the ERP says. */
export interface PayoutMachine
  extends Approvals,
    ClientHolds,
    PayoutEnds,
    Pick<Statuses, 'receive'> {
  /** The process. */
  readonly gate: OebsGate;
  /** To be declared on the bus by every process that publishes. */
  readonly groups: readonly Group[];
  /** From how much on people must approve; null: as for all other clients. */
  limit(order: {
    readonly clientId: string;
    readonly currency: string;
    readonly aboveMinor: bigint | null;
    readonly by: string;
  }): Promise<void>;
  list(
    query: Omit<Parameters<typeof listPayouts>[1], 'silentBefore'>,
  ): Promise<readonly PayoutView[]>;
  find(id: bigint, tx?: Tx): Promise<PayoutView | undefined>;
  /** Its history, in order. */
  story(id: bigint): Promise<PayoutHistory>;
  statuses(query: Parameters<typeof listStatuses>[1]): Promise<readonly StatusRow[]>;
}

export interface PayoutHistory {
  readonly steps: readonly StepView[];
  readonly facts: readonly FactView[];
  readonly approvals: readonly ApprovalRow[];
  readonly statuses: readonly StatusRow[];
}

export interface PayoutMachineOptions {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly topics: PayoutTopics;
  readonly accounts: AccountSystem;
  /** The bus unless told otherwise. */
  readonly erpGate?: ErpGate;
  /** Payouts of a batch. */
  readonly senderLimit: number;
  readonly intervalMs: number;
  /** Minor units by currency; a currency that is absent needs no approval. */
  readonly approvalAbove: ReadonlyMap<string, bigint>;
  readonly approvalDays: number;
  /** A sent payout that nobody has said a word of for longer is flagged. */
  readonly silenceMs: number;
}

/** A payout hears a few words; one that hears more shows its first. */
const STATUSES_MOST = 1000;

export function createPayoutMachine(options: PayoutMachineOptions): PayoutMachine {
  const { bus, clock, database, senderLimit: batchSize, silenceMs, topics } = options;
  const stepper = createStepper(options);
  const statuses = createStatuses({ ...options, stepper });
  const erpGate = options.erpGate ?? createBusGate(options);
  const mover = createMover({ ...options, batchSize, erpGate, statuses, stepper });
  const checker = createChecker({ ...options, batchSize, stepper });
  const follow = () => followStatuses({ bus, topics, statuses });
  const silentBefore = () => new Date(clock.nowMs() - silenceMs);
  addPayoutMetrics({ ...options, silentBefore });

  return {
    ...createApprovals({ clock, stepper }),
    ...createClientHolds({ database, clock, stepper }),
    ...createPayoutEnds({ clock, stepper, silenceMs }),
    receive: statuses.receive,
    gate: createOebsGate({ ...options, checker, mover, follow }),
    groups: payoutGroups(topics),
    async limit({ aboveMinor, by, clientId, currency }) {
      if (aboveMinor === null) return deleteLimit(database.pool, { clientId, currency });
      const limit = { clientId, currency, approvalAboveMinor: aboveMinor, by, now: clock.now() };
      await writeLimit(database.pool, limit);
    },
    list: (query) => listPayouts(database.pool, { ...query, silentBefore: silentBefore() }),
    find: (id, tx) => findPayout(tx ?? database.pool, { id, silentBefore: silentBefore() }),
    async story(id) {
      const ofPayout = { outcome: null, payoutId: id, after: 0n, limit: STATUSES_MOST };
      const [steps, facts, approvals, said] = await Promise.all([
        listSteps(database.pool, id),
        listFacts(database.pool, id),
        listApprovals(database.pool, id),
        listStatuses(database.pool, ofPayout),
      ]);
      return { steps, facts, approvals, statuses: said };
    },
    statuses: (query) => listStatuses(database.pool, query),
  };
}
