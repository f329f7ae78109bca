import { chance } from '#simulators/kit';

/** What becomes of a payout. */
export const outcomes = ['pays', 'rejects-import', 'rejects-later', 'returns', 'silent'] as const;
/** How it is told; they add up. */
export const manners = ['delays', 'duplicates', 'reorders', 'loses', 'contradicts'] as const;

export type Outcome = (typeof outcomes)[number];
export type Manner = (typeof manners)[number];
export type ScenarioName = Outcome | Manner;
export const scenarioNames: readonly ScenarioName[] = [...outcomes, ...manners];

export const meanings: Readonly<Record<ScenarioName, string>> = {
  pays: 'accepts, transmits and pays',
  'rejects-import': 'refuses at the import, pays nothing',
  'rejects-later': 'accepts, then refuses, pays nothing',
  returns: 'pays, and the bank sends the money back',
  silent: 'takes it and says nothing, pays nothing',
  delays: 'everything takes longer by delayMs',
  duplicates: 'tells each status two or three times',
  reorders: 'tells the statuses in an order of chance, when all is done',
  loses: 'does not tell its last status: only the book has it',
  contradicts: 'says the opposite of what it did, after saying what it did',
};

export interface Scenario {
  readonly name: ScenarioName;
  /** Of this client only. */
  readonly clientId?: string;
  /** For so many payouts, then it is over. */
  readonly times?: number;
  /** 0 to 1; 1 unless told. */
  readonly probability?: number;
}

export interface Choice {
  readonly outcome: Outcome;
  readonly manners: ReadonlySet<Manner>;
}

export const scenarioLimit = 100;

/** The scenarios that are on. Chance comes from the seed, the client and the number of its payout, from nothing else. */
export class Board {
  readonly #seed: number;
  #on: { readonly scenario: Scenario; left: number }[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(scenario: Scenario): void {
    this.#on.push({ scenario, left: scenario.times ?? Number.POSITIVE_INFINITY });
  }

  get size(): number {
    return this.#on.length;
  }

  list(): readonly Scenario[] {
    return this.#on.map(({ left, scenario }) =>
      scenario.times === undefined ? scenario : { ...scenario, times: left },
    );
  }

  clear(): void {
    this.#on = [];
  }

  /** For the nth payout of a client: the first outcome that applies, and every manner that does. */
  choose(clientId: string, nth: number): Choice {
    let outcome: Outcome | undefined;
    const chosen = new Set<Manner>();
    for (const [at, one] of this.#on.entries()) {
      const { name, probability = 1 } = one.scenario;
      if (one.scenario.clientId !== undefined && one.scenario.clientId !== clientId) continue;
      const isOutcome = (outcomes as readonly string[]).includes(name);
      if (isOutcome && outcome !== undefined) continue;
      if (chance(this.#seed, 'scenario', at, name, clientId, nth) >= probability) continue;
      if (isOutcome) outcome = name as Outcome;
      else chosen.add(name as Manner);
      one.left -= 1;
    }
    this.#on = this.#on.filter(({ left }) => left > 0);
    return { outcome: outcome ?? 'pays', manners: chosen };
  }
}
