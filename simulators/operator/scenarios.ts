import { chance } from '#simulators/kit';

export const methods = [
  'GetBalanceAndDate',
  'UpdateBalanceAndDate',
  'GetTransactionStatus',
  'sms',
] as const;
export type Method = (typeof methods)[number];

export interface Behaviour {
  readonly meaning: string;
  /** When the debit (or the delivery of an SMS) happens: it may happen without an answer. */
  readonly effect: 'now' | 'late' | 'never';
  readonly answer: 'now' | 'late' | 'never' | 'error' | 'unavailable' | 'hang-up';
  /** The response code that is given instead of doing the work. */
  readonly code?: number;
  /** Debits whatever the balance and the customer's state are. */
  readonly regardless?: true;
  /** Where it shows unless the scenario names a method. */
  readonly methods: readonly Method[];
}

const both: readonly Method[] = ['GetBalanceAndDate', 'UpdateBalanceAndDate'];
const debit: readonly Method[] = ['UpdateBalanceAndDate'];
const refusal = { effect: 'never', answer: 'now' } as const;

const table = {
  normal: { meaning: 'Works', effect: 'now', answer: 'now', methods },
  paid: {
    meaning: 'Debits even without money',
    effect: 'now',
    answer: 'now',
    regardless: true,
    methods: debit,
  },
  refused: { meaning: 'Refused (112)', ...refusal, code: 112, methods: debit },
  'no-money': { meaning: 'No money (124)', ...refusal, code: 124, methods: debit },
  'limit-exceeded': { meaning: 'Limit exceeded (123)', ...refusal, code: 123, methods: debit },
  postpaid: { meaning: 'Postpaid (11)', ...refusal, code: 11, methods: both },
  'postpaid-27': { meaning: 'Postpaid (27)', ...refusal, code: 27, methods: both },
  'postpaid-70': { meaning: 'Postpaid (70)', ...refusal, code: 70, methods: both },
  'unknown-subscriber': {
    meaning: 'Unknown subscriber (102)',
    ...refusal,
    code: 102,
    methods: both,
  },
  blocked: { meaning: 'Temporarily blocked (104)', ...refusal, code: 104, methods: both },
  'not-active': { meaning: 'Account not active (126)', ...refusal, code: 126, methods: both },
  'error-before': {
    meaning: 'Error 100 before the debit',
    ...refusal,
    code: 100,
    methods: debit,
  },
  'error-after': {
    meaning: 'Debits, then answers HTTP 500',
    effect: 'now',
    answer: 'error',
    methods: debit,
  },
  'lost-answer': {
    meaning: 'Debits and never answers',
    effect: 'now',
    answer: 'never',
    methods: debit,
  },
  'lost-request': {
    meaning: 'Never debits and never answers',
    effect: 'never',
    answer: 'never',
    methods: debit,
  },
  late: {
    meaning: 'Debits late, and answers then',
    effect: 'late',
    answer: 'late',
    methods: debit,
  },
  'late-answer': {
    meaning: 'Debits now, answers late',
    effect: 'now',
    answer: 'late',
    methods: debit,
  },
  'hang-up': {
    meaning: 'Drops the connection, nothing done',
    effect: 'never',
    answer: 'hang-up',
    methods,
  },
  'hang-up-after': {
    meaning: 'Debits, then drops the connection',
    effect: 'now',
    answer: 'hang-up',
    methods: debit,
  },
  down: { meaning: 'HTTP 503, nothing done', effect: 'never', answer: 'unavailable', methods },
} as const satisfies Record<string, Behaviour>;

export type ScenarioName = keyof typeof table;
export const behaviours: Readonly<Record<ScenarioName, Behaviour>> = table;
export const scenarioNames = Object.keys(table) as readonly ScenarioName[];

/** The last two digits decide; 90, 91 and 93 are only the state that a customer starts with. */
const scenarioByEnding: Readonly<Record<string, ScenarioName>> = {
  '92': 'unknown-subscriber',
  '94': 'error-before',
  '95': 'error-after',
  '96': 'lost-answer',
  '97': 'lost-request',
  '98': 'late',
  '99': 'late-answer',
};

export function scenarioOfNumber(msisdn: string): ScenarioName {
  return scenarioByEnding[msisdn.slice(-2)] ?? 'normal';
}

export interface Scenario {
  readonly name: ScenarioName;
  readonly msisdn?: string;
  readonly method?: Method;
  readonly times?: number;
  readonly probability?: number;
  readonly delayMs?: number;
}

export interface Choice {
  readonly name: ScenarioName;
  readonly behaviour: Behaviour;
  readonly delayMs: number | undefined;
}

interface Placed {
  readonly number: number;
  readonly scenario: Scenario;
  left: number;
  readonly draws: Map<string, number>;
}

const anyNumber = '';
/** Each call looks through the scenarios of its number and of any number. */
export const scenarioLimit = 10_000;

/** What was asked for by `/mobilink/*` and `POST /scenarios`, and what the number itself says. */
export class ScenarioBoard {
  readonly #seed: number;
  readonly #placed = new Map<string, Placed[]>();
  #forced: Placed[] = [];
  #numbers = 0;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size + this.#forced.length;
  }

  /** Goes before every scenario, in the order of asking. */
  force(scenario: Scenario): void {
    this.#forced.push(this.#place(scenario));
  }

  add(scenario: Scenario): void {
    const key = scenario.msisdn ?? anyNumber;
    const list = this.#placed.get(key) ?? [];
    list.push(this.#place(scenario));
    this.#placed.set(key, list);
    this.#size += 1;
  }

  clear(): void {
    this.#forced = [];
    this.#placed.clear();
    this.#size = 0;
    this.#numbers = 0;
  }

  list(): readonly (Scenario & { readonly left: number | null })[] {
    const placed = [...this.#forced, ...[...this.#placed.values()].flat()];
    return placed.map((each) => ({
      ...each.scenario,
      left: Number.isFinite(each.left) ? each.left : null,
    }));
  }

  /** Forced first, then the number's own scenarios, then those of any number, then its ending. */
  choose(method: Method, msisdn: string): Choice {
    if (this.#forced.length > 0) {
      const forced = this.#take(this.#forced, method, msisdn);
      if (forced !== undefined) return toChoice(forced);
    }
    if (this.#size > 0) {
      const placed =
        this.#takeFrom(msisdn, method, msisdn) ?? this.#takeFrom(anyNumber, method, msisdn);
      if (placed !== undefined) return toChoice(placed);
    }
    const name = scenarioOfNumber(msisdn);
    return toChoice({ name: behaviours[name].methods.includes(method) ? name : 'normal' });
  }

  /** A scenario that nobody placed: what a setting asks for. */
  fixed(name: ScenarioName): Choice {
    return toChoice({ name });
  }

  #place(scenario: Scenario): Placed {
    this.#numbers += 1;
    const left = scenario.times ?? Number.POSITIVE_INFINITY;
    return { number: this.#numbers, scenario, left, draws: new Map() };
  }

  #takeFrom(key: string, method: Method, msisdn: string): Scenario | undefined {
    const list = this.#placed.get(key);
    if (list === undefined) return undefined;
    const before = list.length;
    const scenario = this.#take(list, method, msisdn);
    this.#size -= before - list.length;
    if (list.length === 0) this.#placed.delete(key);
    return scenario;
  }

  #take(list: Placed[], method: Method, msisdn: string): Scenario | undefined {
    const index = list.findIndex((placed) => this.#fires(placed, method, msisdn));
    const placed = list[index];
    if (placed === undefined) return undefined;
    placed.left -= 1;
    if (placed.left <= 0) list.splice(index, 1);
    return placed.scenario;
  }

  #fires(placed: Placed, method: Method, msisdn: string): boolean {
    const { scenario } = placed;
    if (scenario.msisdn !== undefined && scenario.msisdn !== msisdn) return false;
    const shows =
      scenario.method === undefined
        ? behaviours[scenario.name].methods.includes(method)
        : scenario.method === method;
    if (!shows || scenario.probability === undefined) return shows;
    const draw = (placed.draws.get(msisdn) ?? 0) + 1;
    placed.draws.set(msisdn, draw);
    return chance(this.#seed, placed.number, msisdn, draw) < scenario.probability;
  }
}

function toChoice(scenario: Scenario): Choice {
  const { name, delayMs } = scenario;
  return { name, behaviour: behaviours[name], delayMs };
}
