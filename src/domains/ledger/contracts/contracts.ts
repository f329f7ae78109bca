import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { must } from '#errors';
import { type Contract, type NewContract, toShares } from './contract.ts';
import { insertContract, listContracts, readAlive, readContracts } from './contract-store.ts';

/** Partner contracts: by them charges are parted. */
export interface Contracts {
  /** Adds the next version for its service and operator; what began with an earlier one keeps it. */
  add(tx: Tx, contract: NewContract): Promise<Contract>;
  /** Tells which version holds now; none where the platform keeps all. What it knows is not older than a second. */
  now(): Promise<(service: string, operator: string) => Contract | undefined>;
  /** These very versions. Every one that is asked for exists. */
  versions(ids: readonly bigint[]): Promise<(id: bigint) => Contract>;
  list(of: { service?: string; operator?: string }): Promise<readonly Contract[]>;
}

const FRESH_MS = 1000;
const LIST_MAX = 1000;

export function createContracts(options: {
  readonly database: Database;
  readonly clock: Clock;
}): Contracts {
  const { clock, database } = options;
  const known = new Map<bigint, Contract>();
  let alive: ReadonlyMap<string, readonly Contract[]> = new Map();
  let freshUntilMs = 0;
  let reading: Promise<void> | undefined;
  const nameOf = (service: string, operator: string) => `${service}\n${operator}`;

  async function refresh(): Promise<void> {
    const all = await readAlive(database.pool, clock.now());
    alive = Map.groupBy(all, ({ operator, service }) => nameOf(service, operator));
    freshUntilMs = performance.now() + FRESH_MS;
  }

  return {
    async add(tx, contract) {
      const shares = toShares(contract);
      const { operator, service, validFrom } = contract;
      freshUntilMs = 0;
      return insertContract(tx, { service, operator, validFrom, shares, now: clock.now() });
    },
    async now() {
      if (performance.now() > freshUntilMs) {
        reading ??= refresh().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      const now = clock.now();
      return (service, operator) =>
        alive.get(nameOf(service, operator))?.find(({ validFrom }) => validFrom <= now);
    },
    async versions(ids) {
      const missing = [...new Set(ids)].filter((id) => !known.has(id));
      if (missing.length > 0) {
        for (const contract of await readContracts(database.pool, missing))
          known.set(contract.id, contract);
      }
      return (id) => {
        const contract = known.get(id);
        must(contract, `there is a contract ${id}`);
        return contract;
      };
    },
    list: ({ operator = null, service = null }) =>
      listContracts(database.pool, { service, operator, limit: LIST_MAX }),
  };
}
