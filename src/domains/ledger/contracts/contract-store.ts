import { type Executor, sql, type Tx } from '#database';
import type { Contract } from './contract.ts';
import type { Share } from './split.ts';

interface ContractRow {
  readonly id: bigint;
  readonly service: string;
  readonly operator: string;
  readonly version: number;
  readonly valid_from: Date;
  readonly shares: readonly { type: string; client_id: string; basis_points: number }[];
}

const COLUMNS = sql.raw('id, service, operator, version, valid_from, shares');

/** Adds the next version. Two that are added at once get numbers one after the other. */
export async function insertContract(
  tx: Tx,
  input: {
    readonly service: string;
    readonly operator: string;
    readonly validFrom: Date;
    readonly shares: readonly Share[];
    readonly now: Date;
  },
): Promise<Contract> {
  const { now, operator, service, shares, validFrom } = input;
  const json = JSON.stringify(
    shares.map((share) => ({
      ...{ type: share.type, client_id: share.clientId, basis_points: share.basisPoints },
    })),
  );
  await sql`select pg_advisory_xact_lock(hashtextextended(${`contract ${service} ${operator}`}, 0))`.execute(
    tx,
  );
  const { rows } = await sql<ContractRow>`
    insert into ledger.contract (service, operator, version, valid_from, shares, created_at)
    select ${service}, ${operator}, coalesce(max(version), 0) + 1, ${validFrom}, ${json}::jsonb, ${now}
    from ledger.contract where service = ${service} and operator = ${operator}
    returning ${COLUMNS}`.execute(tx);
  return rows.map(fromRow)[0] as Contract;
}

/** All versions of a service and operator, the newest first; of all of them where none is named. */
export async function listContracts(
  executor: Executor,
  of: { readonly service: string | null; readonly operator: string | null; readonly limit: number },
): Promise<readonly Contract[]> {
  const { rows } = await sql<ContractRow>`
    select ${COLUMNS} from ledger.contract
    where (${of.service}::text is null or service = ${of.service})
      and (${of.operator}::text is null or operator = ${of.operator})
    order by service, operator, version desc limit ${of.limit}`.execute(executor);
  return rows.map(fromRow);
}

/** The versions that hold now or will: of each service and operator the newest that has begun, and what comes after. */
export async function readAlive(executor: Executor, now: Date): Promise<readonly Contract[]> {
  const { rows } = await sql<ContractRow>`
    select ${COLUMNS} from ledger.contract c
    where not exists (
      select from ledger.contract n where n.service = c.service and n.operator = c.operator
        and n.version > c.version and n.valid_from <= ${now}
    )
    order by service, operator, version desc`.execute(executor);
  return rows.map(fromRow);
}

export async function readContracts(
  executor: Executor,
  ids: readonly bigint[],
): Promise<readonly Contract[]> {
  const { rows } = await sql<ContractRow>`
    select ${COLUMNS} from ledger.contract where id = any (${ids}::bigint[])`.execute(executor);
  return rows.map(fromRow);
}

function fromRow(row: ContractRow): Contract {
  const { id, operator, service, version } = row;
  return {
    ...{ id, service, operator, version, validFrom: row.valid_from },
    shares: row.shares.map((share) => ({
      ...{ type: share.type, clientId: share.client_id, basisPoints: share.basis_points },
    })),
  };
}
