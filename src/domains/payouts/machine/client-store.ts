import { type Executor, sql, type Tx } from '#database';
import { PAYOUT_COLUMNS, type PayoutRow } from '#payouts/payout-store';

/** Makes sure that each client has its row: holding and sending meet at its lock. */
export async function insertClients(tx: Tx, clients: readonly string[]): Promise<void> {
  await sql`
    insert into payouts.client (client_id)
    select distinct client_id from unnest(${clients}::text[]) as n (client_id) order by client_id
    on conflict do nothing`.execute(tx);
}

/** Locks the clients' rows against a hold that comes meanwhile; answers those that are held now. */
export async function lockHeldClients(
  tx: Tx,
  clients: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ client_id: string; held_reason: string | null }>`
    select client_id, held_reason from payouts.client where client_id = any (${clients}::text[])
    order by client_id for share`.execute(tx);
  return new Map(
    rows.flatMap(({ client_id, held_reason }) =>
      held_reason === null ? [] : [[client_id, held_reason] as const],
    ),
  );
}

export interface ClientLimit {
  readonly client_id: string;
  readonly currency: string;
  readonly approval_above_minor: bigint;
}

export async function findLimits(
  executor: Executor,
  clients: readonly string[],
): Promise<readonly ClientLimit[]> {
  const { rows } = await sql<ClientLimit>`
    select client_id, currency, approval_above_minor from payouts.client_limit
    where client_id = any (${clients}::text[])`.execute(executor);
  return rows;
}

export async function writeLimit(
  executor: Executor,
  limit: {
    readonly clientId: string;
    readonly currency: string;
    readonly approvalAboveMinor: bigint;
    readonly by: string;
    readonly now: Date;
  },
): Promise<void> {
  await sql`
    insert into payouts.client_limit (client_id, currency, approval_above_minor, set_by, set_at)
    values (${limit.clientId}, ${limit.currency}, ${limit.approvalAboveMinor}, ${limit.by}, ${limit.now})
    on conflict (client_id, currency) do update set approval_above_minor = excluded.approval_above_minor,
      set_by = excluded.set_by, set_at = excluded.set_at`.execute(executor);
}

export async function deleteLimit(
  executor: Executor,
  input: { readonly clientId: string; readonly currency: string },
): Promise<void> {
  await sql`delete from payouts.client_limit
    where client_id = ${input.clientId} and currency = ${input.currency}`.execute(executor);
}

export interface ClientRow {
  readonly client_id: string;
  readonly held_reason: string | null;
  readonly held_by: string | null;
  readonly held_at: Date | null;
}

/** Held from now on; a hold that stands keeps its time. */
export async function writeHold(
  tx: Tx,
  hold: {
    readonly clientId: string;
    readonly reason: string;
    readonly by: string;
    readonly now: Date;
  },
): Promise<ClientRow> {
  const { rows } = await sql<ClientRow>`
    insert into payouts.client as c (client_id, held_reason, held_by, held_at)
    values (${hold.clientId}, ${hold.reason}, ${hold.by}, ${hold.now})
    on conflict (client_id) do update set held_reason = excluded.held_reason, held_by = excluded.held_by,
      held_at = coalesce(c.held_at, excluded.held_at)
    returning client_id, held_reason, held_by, held_at`.execute(tx);
  return rows[0] as ClientRow;
}

export async function endHold(tx: Tx, clientId: string): Promise<void> {
  await sql`update payouts.client set held_reason = null, held_by = null, held_at = null
    where client_id = ${clientId}`.execute(tx);
}

/** A client's payouts in some states whose money is not being moved, in the order of their ids. */
export async function lockPayoutsOfClient(
  tx: Tx,
  input: {
    readonly clientId: string;
    readonly states: readonly string[];
    readonly after: bigint;
    readonly limit: number;
  },
): Promise<readonly PayoutRow[]> {
  const { rows } = await sql<PayoutRow>`
    select ${PAYOUT_COLUMNS} from payouts.payout p
    where p.client_id = ${input.clientId} and p.state = any (${input.states}::text[]) and p.moving is null
      and p.id > ${input.after}
    order by p.id limit ${input.limit} for no key update`.execute(tx);
  return rows;
}
