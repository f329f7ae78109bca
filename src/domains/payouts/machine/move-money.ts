import type { Clock } from '#clock';
import { type Database, isTransient, type Tx } from '#database';
import { messageOf, must } from '#errors';
import { uuidV7 } from '#ids';
import type { Log } from '#log';
import type { AccountSystem, CashFact, Moved, MoveOrder } from '#payouts/accounts';
import { payoutId } from '#payouts/payout';
import { fail } from '#payouts/payout-errors';
import {
  insertFacts,
  lockOwned,
  lockPayouts,
  markFactsReturned,
  type PayoutRow,
} from '#payouts/payout-store';
import type { ErpGate, Statuses } from '#payouts/statuses';
import type { Step, Stepper } from '#payouts/take-steps';
import { lockHeldClients } from './client-store.ts';
import { claimMoves, findMovable, giveBackMoves } from './due-store.ts';

/** Moves money in the system of accounts: what is about to be moved is written down, then moved, then the step is taken. */
export interface Mover {
  /** A batch; answers how many payouts it took up. */
  move(): Promise<number>;
}

export interface MoverOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly accounts: AccountSystem;
  readonly erpGate: ErpGate;
  readonly stepper: Stepper;
  readonly statuses: Pick<Statuses, 'judgeAgain'>;
  readonly batchSize: number;
}

/** Calls under way at once: the system of accounts serves others too. */
const CALLS_MOST = 16;
const CALL_TIMEOUT_MS = 10_000;
/** No payout's calls begin later than this after its claim… */
const BEGIN_WITHIN_MS = 20_000;
/** …so that all of them have ended, or were given up, before the lease does: a payout has two calls at most. */
const LEASE_MS = 60_000;
const PAUSE_FIRST_MS = 500;
const PAUSE_MOST_MS = 60_000;

/** What a call came to. */
type Done =
  | { readonly row: PayoutRow; readonly moved: Moved; readonly facts: readonly CashFact[] }
  | { readonly row: PayoutRow; readonly error: unknown };

export function createMover(options: MoverOptions): Mover {
  const { batchSize, database } = options;

  /** Clients first, then payouts: a hold that was answered before this commits is honoured. */
  async function claim(owner: string): Promise<readonly PayoutRow[]> {
    return database.transaction(async (tx) => {
      const due = await findMovable(tx, batchSize);
      if (due.length === 0) return [];
      const clients = [...new Set(due.map((one) => one.client_id))];
      const held = await lockHeldClients(tx, clients);
      const ids = due.map(({ id }) => id);
      return claimMoves(tx, { owner, leaseMs: LEASE_MS, ids, held: [...held.keys()] });
    });
  }

  return {
    async move() {
      const owner = uuidV7();
      const claimed = await claim(owner);
      if (claimed.length === 0) return 0;
      const endMs = performance.now() + BEGIN_WITHIN_MS;
      const done = await callAll(claimed, (row) => call(options.accounts, row, endMs));
      await finish(options, owner, done);
      return claimed.length;
    },
  };
}

async function callAll(
  rows: readonly PayoutRow[],
  work: (row: PayoutRow) => Promise<Done>,
): Promise<readonly Done[]> {
  const waiting = [...rows];
  const done: Done[] = [];
  const caller = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift()) done.push(await work(row));
  };
  await Promise.all(Array.from({ length: Math.min(CALLS_MOST, rows.length) }, caller));
  return done;
}

/** Never throws: an error is what came of it. All of its calls are harmless when they are made again. */
async function call(accounts: AccountSystem, row: PayoutRow, endMs: number): Promise<Done> {
  try {
    if (performance.now() > endMs)
      throw fail('accounts_timeout', 'The calls before took too long.');
    const order = toOrder(row);
    const { amountMinor, movement, reference: payout } = order;
    // Facts are taken before the money leaves, and are free again before it is the partner's: never after.
    const facts =
      movement === 'send'
        ? await inTime(accounts.takeCash({ account: row.account, payout, amountMinor }))
        : [];
    if (movement === 'reject' || movement === 'return') await inTime(accounts.returnCash(payout));
    return { row, moved: await inTime(accounts.move(order)), facts };
  } catch (error) {
    return { row, error };
  }
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = fail('accounts_timeout', 'The system of accounts has not answered in time.');
    timer = setTimeout(() => reject(error), CALL_TIMEOUT_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function toOrder(row: PayoutRow): MoveOrder {
  const { account, client_id: clientId, currency, label, moving: movement } = row;
  must(movement, 'what is claimed is being moved');
  const transferIds = {
    ...{ reserve: row.reserve_id, send: row.send_id, pay: row.pay_id, return: row.return_id },
    // A payout is cancelled before it was sent, or rejected after it: one of both at most.
    ...{ cancel: row.give_back_id, reject: row.give_back_id, settle: row.settle_id },
  };
  const amountMinor = movement === 'reserve' ? row.amount_minor : row.reserved_minor;
  must(amountMinor, 'what is moved was reserved');
  return {
    ...{ transferId: transferIds[movement], movement, amountMinor, reference: payoutId(row.id) },
    account: { account, clientId, currency, label },
  };
}

/** All in one transaction; where one of them can't be written, each in its own, so that it holds up no other. */
async function finish(options: MoverOptions, owner: string, done: readonly Done[]): Promise<void> {
  const { database } = options;
  const failures = done.filter((one) => 'error' in one);
  const moved = done.filter((one) => 'moved' in one);
  const record = (some: typeof moved) =>
    database.transaction((tx) => takeSteps(options, tx, { owner, moved: some }));
  try {
    if (moved.length > 0) await record(moved);
  } catch (error) {
    if (isTransient(error) || moved.length === 1) {
      failures.push(...moved.map(({ row }) => ({ row, error })));
    } else {
      for (const one of moved) {
        await record([one]).catch((reason) => failures.push({ row: one.row, error: reason }));
      }
    }
  }
  if (failures.length > 0) await giveBack(options, owner, failures);
}

async function giveBack(
  { database, log }: MoverOptions,
  owner: string,
  failures: readonly { readonly row: PayoutRow; readonly error: unknown }[],
): Promise<void> {
  const strange = failures.filter(({ error }) => !isTransient(error));
  for (const { error, row } of strange) {
    log.error(
      { err: error, payout: payoutId(row.id), step: row.moving },
      'money could not be moved',
    );
  }
  if (strange.length < failures.length) {
    log.warn({ payouts: failures.length - strange.length }, 'the system of accounts is away');
  }
  await giveBackMoves(database.pool, {
    owner,
    failures: failures.map(({ error, row }) => ({
      id: row.id,
      trouble: `${row.moving}: ${messageOf(error)}`,
      pauseMs: Math.min(PAUSE_MOST_MS, PAUSE_FIRST_MS * 2 ** Math.min(row.attempts, 10)),
    })),
  });
}

type MovedOne = Extract<Done, { readonly moved: Moved }>;

/** Takes the steps whose money has been moved, hands over what is sent, and judges what waited for it. */
async function takeSteps(
  options: MoverOptions,
  tx: Tx,
  { moved, owner }: { readonly owner: string; readonly moved: readonly MovedOne[] },
): Promise<void> {
  const { clock, statuses, stepper } = options;
  const doneOf = new Map(moved.map((one) => [one.row.id, one]));
  const ours = await lockOwned(tx, { owner, ids: [...doneOf.keys()] });
  const all = ours.flatMap((payout) => {
    const done = doneOf.get(payout.id);
    return done && payout.moving === done.row.moving ? [{ ...done, payout }] : [];
  });
  await stepper.take(tx, all.map(toStep));
  await send(options, tx, all);
  const givenBack = all.filter(
    ({ payout: { moving } }) => moving === 'reject' || moving === 'return',
  );
  if (givenBack.length > 0) {
    await markFactsReturned(tx, { payouts: givenBack.map(({ row }) => row.id), now: clock.now() });
  }
  const cancelled = all.filter(
    ({ moved: { outcome }, payout }) => outcome === 'moved' && payout.cancel_wish,
  );
  await stepper.begin(
    tx,
    cancelled.map(({ payout: { cancel_wish: wish, id } }) => ({
      ...{ id, movement: 'cancel' as const, cause: wish ?? { actor: 'oebs-gate' } },
    })),
  );
  await statuses.judgeAgain(
    tx,
    await lockPayouts(
      tx,
      all.map(({ row }) => row.id),
    ),
  );
}

type Current = MovedOne & { readonly payout: PayoutRow };

function toStep({ facts, moved, payout }: Current): Step {
  const { moving, moving_cause: cause } = payout;
  must(moving && cause, 'a step that ends was begun');
  if (moved.outcome === 'empty') {
    must(moving === 'reserve', 'only what is to be reserved may be gone');
    return {
      payout,
      step: 'find_empty',
      actor: cause.actor,
      reason: 'nothing was left to be paid',
    };
  }
  const all = moving === 'reserve' || moved.amountMinor === payout.reserved_minor;
  must(all, 'what was reserved is moved whole');
  switch (moving) {
    case 'reserve':
      return { payout, step: moving, ...cause, reservedMinor: moved.amountMinor };
    case 'send':
      return { payout, step: moving, ...cause, uncoveredMinor: moved.amountMinor - sumOf(facts) };
    case 'settle':
      // Its facts were given back when it was rejected.
      return { payout, step: moving, ...cause, uncoveredMinor: moved.amountMinor };
    default:
      return { payout, step: moving, ...cause };
  }
}

/** In the very transaction that makes them `in_flight`: sent if and only if it commits. */
async function send(
  { clock, erpGate }: MoverOptions,
  tx: Tx,
  all: readonly Current[],
): Promise<void> {
  const sent = all.filter(({ payout }) => payout.moving === 'send');
  if (sent.length === 0) return;
  const facts = sent.flatMap(({ facts: some, payout }) =>
    some.map((fact) => ({ payoutId: payout.id, ...fact })),
  );
  if (facts.length > 0) await insertFacts(tx, facts);
  await erpGate.send(
    tx,
    sent.map(({ facts: some, moved, payout }) => {
      must(moved.outcome === 'moved', 'what is sent was moved');
      return {
        ...{ erpId: payout.erp_id, payout: payoutId(payout.id), clientId: payout.client_id },
        ...{ account: payout.account, currency: payout.currency, amountMinor: moved.amountMinor },
        ...{ facts: some, at: clock.now() },
      };
    }),
  );
}

function sumOf(facts: readonly CashFact[]): bigint {
  return facts.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
}
