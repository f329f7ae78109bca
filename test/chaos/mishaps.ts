import { sql } from '#database';
import type { Chance } from './chance.ts';
import { pause, type World } from './world.ts';

/** Something that goes wrong, for a while. When it resolves, whatever can be mended is mended. */
export interface Mishap {
  readonly name: string;
  /** How often beside the others. */
  readonly weight: number;
  happen(world: World, chance: Chance): Promise<void>;
}

/** Longer than every lease but those of claims: whoever wakes up finds that others went on without it. */
const FROZEN_MS = { least: 1500, most: 6000 } as const;
const AWAY_MS = { least: 0, most: 1500 } as const;
const FAULTS_MS = { least: 1000, most: 4000 } as const;

const ofTheHouse: readonly Mishap[] = [
  {
    name: 'process killed',
    weight: 10,
    happen: ({ crew }, chance) =>
      crew.kill(anyOf(crew.names, chance), chance.between(AWAY_MS.least, AWAY_MS.most)),
  },
  {
    name: 'process replaced',
    weight: 3,
    async happen({ crew }, chance) {
      await crew.replace(anyOf(crew.names, chance));
    },
  },
  {
    name: 'process frozen',
    weight: 4,
    happen: ({ crew }, chance) =>
      crew.freeze(anyOf(crew.names, chance), chance.between(FROZEN_MS.least, FROZEN_MS.most)),
  },
  {
    name: 'connections cut',
    weight: 4,
    async happen({ server, broker }, chance) {
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'kopek' and random() < ${chance.next()}`.execute(
        server.database.pool,
      );
      broker?.cut();
    },
  },
  { name: 'database restarted', weight: 1, happen: ({ server }) => server.restart() },
  { name: 'database crashed', weight: 2, happen: ({ server }) => server.crash() },
  {
    name: 'operator at fault',
    weight: 5,
    async happen({ stage }, chance) {
      const name = chance.pick(['down', 'error-after', 'lost-answer', 'hang-up-after', 'late']);
      await stage.book.tell('/scenarios', { name, probability: 0.3 });
      await pause(chance.between(FAULTS_MS.least, FAULTS_MS.most));
      await stage.book.tell('/scenarios', {}, 'DELETE');
    },
  },
];

const ofTheBroker: readonly Mishap[] = [
  {
    name: 'broker restarted',
    weight: 2,
    async happen({ broker }) {
      await broker?.restart();
    },
  },
  {
    name: 'broker killed',
    weight: 2,
    async happen({ broker }) {
      await broker?.crash();
    },
  },
  {
    name: 'broker frozen',
    weight: 2,
    async happen({ broker }, chance) {
      await broker?.freeze(chance.between(FROZEN_MS.least, FROZEN_MS.most));
    },
  },
];

export function mishapsOf({ broker }: Pick<World, 'broker'>): readonly Mishap[] {
  return broker ? [...ofTheHouse, ...ofTheBroker] : ofTheHouse;
}

/** One of them, each as often as its weight says. */
export function pickMishap(mishaps: readonly Mishap[], chance: Chance): Mishap {
  return chance.pick(mishaps.flatMap((one) => Array.from({ length: one.weight }, () => one)));
}

function anyOf(names: readonly string[], chance: Chance): number {
  return chance.between(0, names.length - 1);
}
