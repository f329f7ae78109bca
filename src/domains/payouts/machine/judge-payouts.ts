import { type Database, sql } from '#database';
import {
  isPayoutState,
  nextPayoutState,
  type PayoutState,
  type PayoutStep,
  payoutId,
} from '#payouts/payout';

/** Which account a balance is asked of, on its normal side. */
export interface StageName {
  readonly type: 'payout-reserved' | 'payout-sent';
  readonly clientId: string;
  readonly currency: string;
  readonly label: string;
}

/** For tests: what must always hold of payouts, each breach as a sentence. `balanceOf` asks the system of accounts. */
export async function judgePayouts(
  database: Database,
  balanceOf: (name: StageName) => Promise<bigint>,
): Promise<readonly string[]> {
  return [
    ...(await judgeStages(database, balanceOf)),
    ...(await judgeFacts(database)),
    ...(await judgeSteps(database)),
  ];
}

interface StageRow {
  readonly client_id: string;
  readonly currency: string;
  readonly label: string;
  readonly state: PayoutState;
  readonly moving: PayoutStep | null;
  readonly amount_minor: bigint;
}

const STAGES: readonly (readonly [StageName['type'], readonly PayoutState[]])[] = [
  ['payout-reserved', ['reserved']],
  ['payout-sent', ['in_flight', 'acknowledged']],
];

/** A payout's money is where its state says; while it is being moved it may be there already. */
async function judgeStages(
  database: Database,
  balanceOf: (name: StageName) => Promise<bigint>,
): Promise<readonly string[]> {
  const { rows } = await sql<StageRow>`
    select client_id, currency, label, state, moving, coalesce(reserved_minor, amount_minor) as amount_minor
    from payouts.payout`.execute(database.pool);
  const accounts = Map.groupBy(rows, ({ client_id: clientId, currency, label }) =>
    JSON.stringify({ clientId, currency, label }),
  );
  const breaches: string[] = [];
  for (const [name, payouts] of accounts) {
    for (const [type, states] of STAGES) {
      const balance = await balanceOf({ type, ...JSON.parse(name) });
      const there = payouts.filter((one) => states.includes(one.state) && !one.moving);
      const perhaps = payouts.filter(({ moving, state }) => {
        const to = moving && nextPayoutState(state, moving);
        return moving && (states.includes(state) || (to && states.includes(to)));
      });
      const least = sum(there);
      if (balance < least || balance > least + sum(perhaps)) {
        breaches.push(`${type} of ${name} has ${balance}, its payouts ${least}`);
      }
    }
  }
  return breaches;
}

const sum = (rows: readonly StageRow[]) => rows.reduce((all, row) => all + row.amount_minor, 0n);

async function judgeFacts(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<{ id: bigint }>`
    select p.id from payouts.payout p left join payouts.cpf c on c.payout_id = p.id and c.returned_at is null
    where p.sent_at is not null group by p.id
    having coalesce(sum(c.amount_minor), 0) + case when p.state in ('rejected', 'returned')
      then 0 else p.uncovered_minor end <> case when p.state in ('rejected', 'returned') then 0 else p.reserved_minor end`.execute(
    database.pool,
  );
  return rows.map(({ id }) => `the facts of ${payoutId(id)} are not what was sent`);
}

interface StepRow {
  readonly payout_id: bigint;
  readonly number: number;
  readonly step: PayoutStep;
  readonly from_state: string;
  readonly to_state: string;
}

async function judgeSteps(database: Database): Promise<readonly string[]> {
  const { rows } = await sql<StepRow>`
    select payout_id, number, step, from_state, to_state from payouts.step order by payout_id, number`.execute(
    database.pool,
  );
  const { rows: now } = await sql<{ id: bigint; state: PayoutState }>`
    select id, state from payouts.payout`.execute(database.pool);
  const history = Map.groupBy(rows, ({ payout_id: id }) => id);
  return now.flatMap(({ id, state }) => {
    const breaches: string[] = [];
    let at: string = 'new';
    for (const [index, step] of (history.get(id) ?? []).entries()) {
      const { from_state: from, number, to_state: to } = step;
      if (number !== index + 1) breaches.push(`${payoutId(id)} lacks step ${index + 1}`);
      // The first is its creation.
      const legal =
        index === 0
          ? to === 'new'
          : from === at && isPayoutState(from) && nextPayoutState(from, step.step) === to;
      if (!legal) breaches.push(`${payoutId(id)} went from ${at} by ${step.step} to ${to}`);
      at = to;
    }
    if (at !== state) breaches.push(`${payoutId(id)} is ${state}, its history ends ${at}`);
    return breaches;
  });
}
