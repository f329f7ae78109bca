import { type Executor, sql } from '#database';
import { type PayoutState, payoutId } from '#payouts/payout';
import type { OurPayout } from './our-payout.ts';

interface Row {
  readonly id: bigint;
  readonly erp_id: string;
  readonly client_id: string;
  readonly currency: string;
  readonly reserved_minor: bigint | null;
  readonly state: PayoutState;
  readonly moving: string | null;
  readonly conflict: string | null;
  readonly sent_at: Date | null;
  readonly heard_at: Date | null;
  readonly waits_for_file: boolean;
  readonly reserve_id: string;
  readonly send_id: string;
  readonly pay_id: string;
  readonly give_back_id: string;
  readonly return_id: string;
  readonly settle_id: string;
}

/** A payout, and by which transfers the ledger knows it. */
export interface Known {
  readonly id: bigint;
  readonly ours: OurPayout;
  readonly transfers: Readonly<
    Record<'reserve' | 'send' | 'pay' | 'giveBack' | 'return' | 'settle', string>
  >;
}

const COLUMNS =
  sql.raw(`p.id, p.erp_id, p.client_id, p.currency, p.reserved_minor, p.state, p.moving, p.conflict,
  p.sent_at, p.heard_at, l.payout_id is not null and l.file_id is null as waits_for_file,
  p.reserve_id, p.send_id, p.pay_id, p.give_back_id, p.return_id, p.settle_id`);

/** A page of payouts, by id: those that were sent, and those whose money was set aside. */
export async function listPayouts(
  executor: Executor,
  input: { readonly after: bigint; readonly since: Date | null; readonly limit: number },
): Promise<readonly Known[]> {
  const { after, limit, since } = input;
  const { rows } = await sql<Row>`
    select ${COLUMNS} from payouts.payout p left join payouts.bank_line l on l.payout_id = p.id
    where p.id > ${after} and (${since}::timestamptz is null or p.created_at >= ${since})
    order by p.id limit ${limit}`.execute(executor);
  return rows.map(fromRow);
}

export async function findByErpIds(
  executor: Executor,
  erpIds: readonly string[],
): Promise<readonly Known[]> {
  const { rows } = await sql<Row>`
    select ${COLUMNS} from payouts.payout p left join payouts.bank_line l on l.payout_id = p.id
    where p.erp_id = any (${erpIds}::text[]) order by p.id`.execute(executor);
  return rows.map(fromRow);
}

export async function countPayouts(executor: Executor, since: Date | null): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from payouts.payout p
    where ${since}::timestamptz is null or p.created_at >= ${since}`.execute(executor);
  return Number(rows[0]?.count ?? 0n);
}

/** What lies on the stage accounts of a currency, as our payouts say it, and what is on its way to or from them. */
export interface StageSum {
  readonly currency: string;
  readonly reservedMinor: bigint;
  readonly sentMinor: bigint;
  readonly movingMinor: bigint;
}

export async function sumStages(executor: Executor): Promise<readonly StageSum[]> {
  const { rows } = await sql<{ currency: string; reserved: bigint; sent: bigint; moving: bigint }>`
    select currency,
      coalesce(sum(amount) filter (where moving is null and state = 'reserved'), 0)::bigint as reserved,
      coalesce(sum(amount) filter (where moving is null and state <> 'reserved'), 0)::bigint as sent,
      coalesce(sum(amount) filter (where moving is not null), 0)::bigint as moving
    from (
      select currency, state, moving, coalesce(reserved_minor, amount_minor) as amount from payouts.payout
      where state in ('reserved', 'in_flight', 'acknowledged') or moving is not null
    ) p group by currency order by currency limit 1000`.execute(executor);
  return rows.map(({ currency, moving, reserved, sent }) => ({
    ...{ currency, reservedMinor: reserved, sentMinor: sent, movingMinor: moving },
  }));
}

function fromRow(row: Row): Known {
  return {
    id: row.id,
    ours: {
      ...{ payout: payoutId(row.id), erpId: row.erp_id, clientId: row.client_id },
      ...{ currency: row.currency, amountMinor: row.reserved_minor ?? undefined },
      ...{ state: row.state, isMoving: row.moving !== null, conflict: row.conflict !== null },
      ...{ sentAt: row.sent_at ?? undefined, heardAt: row.heard_at ?? undefined },
      waitsForFile: row.waits_for_file,
    },
    transfers: {
      ...{ reserve: row.reserve_id, send: row.send_id, pay: row.pay_id },
      ...{ giveBack: row.give_back_id, return: row.return_id, settle: row.settle_id },
    },
  };
}
