import type { Clock } from '#clock';
import type { Database, Tx } from '#database';
import { must } from '#errors';
import {
  insertTerms,
  type NewTerms,
  readNewestTerms,
  readTerms,
  type ServiceTerms,
} from './service-store.ts';
import type { Terms } from './terms.ts';

/** Services and their terms, remembered: a version never changes, and what is newest is asked once a second. */
export interface Catalogue {
  newest(serviceCode: string): Promise<ServiceTerms | undefined>;
  /** The terms of these versions, by `key(serviceId, version)`. Every version asked for exists. */
  versions(
    tx: Tx,
    keys: readonly { serviceId: number; version: number }[],
  ): Promise<(serviceId: number, version: number) => Terms>;
  add(tx: Tx, terms: Omit<NewTerms, 'createdAt'>): Promise<number>;
}

const FRESH_MS = 1000;

export function createCatalogue(database: Database, clock: Clock): Catalogue {
  const known = new Map<string, Terms>();
  let newest = new Map<string, ServiceTerms>();
  let freshUntilMs = 0;
  let reading: Promise<void> | undefined;
  const nameOf = (serviceId: number, version: number) => `${serviceId}.${version}`;

  async function refresh(): Promise<void> {
    const all = await readNewestTerms(database.pool);
    newest = new Map(all.map((terms) => [terms.serviceCode, terms]));
    freshUntilMs = performance.now() + FRESH_MS;
  }

  return {
    async newest(serviceCode) {
      if (performance.now() > freshUntilMs) {
        reading ??= refresh().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return newest.get(serviceCode);
    },
    async versions(tx, keys) {
      const missing = new Map(
        keys
          .filter((key) => !known.has(nameOf(key.serviceId, key.version)))
          .map((key) => [nameOf(key.serviceId, key.version), key]),
      );
      if (missing.size > 0) {
        for (const terms of await readTerms(tx, [...missing.values()])) {
          known.set(nameOf(terms.serviceId, terms.version), terms);
        }
      }
      return (serviceId, version) => {
        const terms = known.get(nameOf(serviceId, version));
        must(terms, `service ${serviceId} has terms ${version}`);
        return terms;
      };
    },
    async add(tx, terms) {
      freshUntilMs = 0;
      return insertTerms(tx, { ...terms, createdAt: clock.now() });
    },
  };
}
