import { chance } from '#simulators/kit';
import type { ProviderName } from './message.ts';

/** Each contract says these in its own words. */
export const refusals = [
  'throttled',
  'temporary',
  'no-money',
  'bad-number',
  'bad-sender',
  'bad-text',
  'stop-list',
  'bad-login',
] as const;
export type Refusal = (typeof refusals)[number];

/** What happens to a call: whether messages are accepted, and what the caller hears of it. */
export interface Fate {
  readonly effect: 'now' | 'late' | 'never';
  readonly answer: 'now' | 'late' | 'never' | 'cut' | 'error' | 'unavailable' | 'garbage';
  /** The answer is this no. */
  readonly refusal?: Refusal;
}

/** Final states, and `stuck`: it neither arrives nor is anything more heard of it. */
export const outcomes = ['delivered', 'undelivered', 'expired', 'rejected', 'stuck'] as const;
export type Outcome = (typeof outcomes)[number];

export const manners = ['duplicated', 'late', 'early', 'missing', 'reordered'] as const;
/** How receipts come. */
export type Manner = (typeof manners)[number];

interface Behaviour {
  readonly meaning: string;
  readonly fate?: Fate;
  readonly outcome?: Outcome;
  readonly manner?: Manner;
}

const refused = { effect: 'never', answer: 'now' } as const;

const table = {
  normal: { meaning: 'Accepted and answered', fate: { effect: 'now', answer: 'now' } },
  'hang-before': {
    meaning: 'Nothing happens, and no answer',
    fate: { effect: 'never', answer: 'never' },
  },
  'hang-after': {
    meaning: 'Accepted, and no answer',
    fate: { effect: 'now', answer: 'never' },
  },
  'cut-before': {
    meaning: 'The connection ends, nothing happens',
    fate: { effect: 'never', answer: 'cut' },
  },
  'cut-after': {
    meaning: 'Accepted, then the connection ends',
    fate: { effect: 'now', answer: 'cut' },
  },
  'error-before': {
    meaning: 'HTTP 500, nothing happens',
    fate: { effect: 'never', answer: 'error' },
  },
  'error-after': {
    meaning: 'Accepted, then HTTP 500',
    fate: { effect: 'now', answer: 'error' },
  },
  garbage: {
    meaning: 'Accepted, answered by a page of HTML',
    fate: { effect: 'now', answer: 'garbage' },
  },
  down: {
    meaning: 'HTTP 503, nothing happens',
    fate: { effect: 'never', answer: 'unavailable' },
  },
  late: {
    meaning: 'Accepted late, even when the caller has gone, and answered then',
    fate: { effect: 'late', answer: 'late' },
  },
  'late-answer': {
    meaning: 'Accepted now, answered late',
    fate: { effect: 'now', answer: 'late' },
  },
  throttled: { meaning: 'Too many calls', fate: { ...refused, refusal: 'throttled' } },
  temporary: { meaning: 'Try again later', fate: { ...refused, refusal: 'temporary' } },
  'no-money': { meaning: 'The balance is too low', fate: { ...refused, refusal: 'no-money' } },
  'bad-number': { meaning: 'No such number', fate: { ...refused, refusal: 'bad-number' } },
  'bad-sender': { meaning: 'The sender is unknown', fate: { ...refused, refusal: 'bad-sender' } },
  'bad-text': { meaning: 'The text is forbidden', fate: { ...refused, refusal: 'bad-text' } },
  'stop-list': {
    meaning: 'The recipient is on a stop list',
    fate: { ...refused, refusal: 'stop-list' },
  },
  'bad-login': { meaning: 'Who are you?', fate: { ...refused, refusal: 'bad-login' } },
  delivered: { meaning: 'Reaches the handset', outcome: 'delivered' },
  undelivered: { meaning: 'Accepted, never reaches the handset', outcome: 'undelivered' },
  expired: { meaning: 'Accepted, expires', outcome: 'expired' },
  rejected: { meaning: 'Accepted, rejected by the network', outcome: 'rejected' },
  stuck: { meaning: 'Accepted, nothing more is heard of it', outcome: 'stuck' },
  'receipt-duplicated': { meaning: 'Receipts come two or three times', manner: 'duplicated' },
  'receipt-late': { meaning: 'Receipts come late', manner: 'late' },
  'receipt-early': { meaning: 'Receipts come before the answer', manner: 'early' },
  'receipt-missing': { meaning: 'No receipt comes', manner: 'missing' },
  'receipts-reordered': { meaning: 'The last receipt comes first', manner: 'reordered' },
} as const satisfies Record<string, Behaviour>;

export type ScenarioName = keyof typeof table;
export const behaviours: Readonly<Record<ScenarioName, Behaviour>> = table;
export const scenarioNames = Object.keys(table) as readonly ScenarioName[];

/** With `endings` set, the last two digits of a number decide. */
export const endings: Readonly<Record<string, ScenarioName>> = {
  ...{ '80': 'bad-number', '81': 'undelivered', '82': 'expired', '83': 'rejected', '84': 'stuck' },
  ...{ '85': 'receipt-duplicated', '86': 'receipt-early', '87': 'receipt-late' },
  ...{ '88': 'receipt-missing', '89': 'receipts-reordered', '90': 'hang-before' },
  ...{ '91': 'hang-after', '92': 'cut-before', '93': 'cut-after', '94': 'error-before' },
  ...{ '95': 'error-after', '96': 'garbage', '97': 'stop-list', '98': 'late', '99': 'temporary' },
};

export interface Scenario {
  readonly name: ScenarioName;
  readonly provider?: ProviderName;
  readonly msisdn?: string;
  readonly times?: number;
  readonly probability?: number;
  readonly delayMs?: number;
  /** The contract's own code, in a refusal or in what the network says of a message. */
  readonly code?: string;
}

interface Placed {
  readonly number: number;
  readonly scenario: Scenario;
  left: number;
  readonly draws: Map<string, number>;
}

type Kind = 'fate' | 'outcome' | 'manner';

const anyNumber = '';
/** Each call looks through the scenarios of its number and of any number. */
export const scenarioLimit = 10_000;

/** What was asked for by `POST /control/scenarios`: those of a number first, each list as it was added. */
export class ScenarioBoard {
  readonly #seed: number;
  readonly #placed = new Map<string, Placed[]>();
  #numbers = 0;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  add(scenario: Scenario): void {
    const key = scenario.msisdn ?? anyNumber;
    const list = this.#placed.get(key) ?? [];
    const left = scenario.times ?? Number.POSITIVE_INFINITY;
    list.push({ number: ++this.#numbers, scenario, left, draws: new Map() });
    this.#placed.set(key, list);
    this.#size += 1;
  }

  clear(): void {
    this.#placed.clear();
    this.#size = 0;
    this.#numbers = 0;
  }

  list(): readonly (Scenario & { readonly left: number | null })[] {
    return [...this.#placed.values()].flat().map(({ left, scenario }) => ({
      ...scenario,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** The first scenario of this kind that is meant for such a message; it has happened once more. */
  take(kind: Kind, provider: ProviderName, msisdn: string): Scenario | undefined {
    if (this.#size === 0) return undefined;
    return (
      this.#takeFrom(msisdn, kind, provider, msisdn) ??
      this.#takeFrom(anyNumber, kind, provider, msisdn)
    );
  }

  #takeFrom(key: string, kind: Kind, provider: ProviderName, msisdn: string): Scenario | undefined {
    const list = this.#placed.get(key) ?? [];
    const index = list.findIndex((placed) => this.#fires(placed, kind, provider, msisdn));
    const placed = list[index];
    if (placed === undefined) return undefined;
    placed.left -= 1;
    if (placed.left > 0) return placed.scenario;
    list.splice(index, 1);
    this.#size -= 1;
    if (list.length === 0) this.#placed.delete(key);
    return placed.scenario;
  }

  #fires(placed: Placed, kind: Kind, provider: ProviderName, msisdn: string): boolean {
    const { scenario } = placed;
    if (behaviours[scenario.name][kind] === undefined) return false;
    if (scenario.provider !== undefined && scenario.provider !== provider) return false;
    if (scenario.probability === undefined) return true;
    const draw = (placed.draws.get(msisdn) ?? 0) + 1;
    placed.draws.set(msisdn, draw);
    return chance(this.#seed, placed.number, msisdn, draw) < scenario.probability;
  }
}
