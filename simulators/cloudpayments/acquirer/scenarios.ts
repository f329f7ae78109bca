import { chance } from '#simulators/kit';

/** What happens to a call: whether it is carried out, and what the caller hears of it. */
export interface Fate {
  readonly effect: 'now' | 'late' | 'never';
  readonly answer:
    | 'now'
    | 'late'
    | 'never'
    | 'cut'
    | 'error'
    | 'unavailable'
    | 'throttled'
    | 'page';
}

export const manners = ['duplicated', 'late', 'early', 'missing', 'reordered'] as const;
/** How a notification comes. */
export type Manner = (typeof manners)[number];

/** What becomes of a payment, whatever the card. */
export type Outcome = 'decline' | 'approve';

interface Behaviour {
  readonly meaning: string;
  readonly fate?: Fate;
  readonly outcome?: Outcome;
  /** Whether its holder has to prove himself. */
  readonly authentication?: 'ask' | 'skip';
  readonly manner?: Manner;
}

const table = {
  normal: { meaning: 'Carried out and answered', fate: { effect: 'now', answer: 'now' } },
  'hang-before': {
    meaning: 'Nothing happens, and no answer',
    fate: { effect: 'never', answer: 'never' },
  },
  'hang-after': {
    meaning: 'Carried out, and no answer',
    fate: { effect: 'now', answer: 'never' },
  },
  'cut-before': {
    meaning: 'The connection ends, nothing happens',
    fate: { effect: 'never', answer: 'cut' },
  },
  'cut-after': {
    meaning: 'Carried out, then the connection ends',
    fate: { effect: 'now', answer: 'cut' },
  },
  'error-before': {
    meaning: 'HTTP 500, nothing happens',
    fate: { effect: 'never', answer: 'error' },
  },
  'error-after': {
    meaning: 'Carried out, then HTTP 500',
    fate: { effect: 'now', answer: 'error' },
  },
  garbage: {
    meaning: 'Carried out, answered by a page of HTML',
    fate: { effect: 'now', answer: 'page' },
  },
  down: {
    meaning: 'HTTP 503, nothing happens',
    fate: { effect: 'never', answer: 'unavailable' },
  },
  throttled: {
    meaning: 'HTTP 429, nothing happens',
    fate: { effect: 'never', answer: 'throttled' },
  },
  late: {
    meaning: 'Carried out late, even when the caller has gone, and answered then',
    fate: { effect: 'late', answer: 'late' },
  },
  'late-answer': {
    meaning: 'Carried out now, answered late',
    fate: { effect: 'now', answer: 'late' },
  },
  decline: { meaning: 'Declined with a reason code', outcome: 'decline' },
  approve: { meaning: 'Approved, whatever the card', outcome: 'approve' },
  'ask-holder': { meaning: '3-D Secure, whatever the card', authentication: 'ask' },
  'do-not-ask-holder': {
    meaning: 'No 3-D Secure, whatever the card',
    authentication: 'skip',
  },
  'notification-duplicated': {
    meaning: 'Notifications come two or three times',
    manner: 'duplicated',
  },
  'notification-late': { meaning: 'Notifications come late', manner: 'late' },
  'notification-early': { meaning: 'Notifications come before the answer', manner: 'early' },
  'notification-missing': { meaning: 'No notification comes', manner: 'missing' },
  'notifications-reordered': {
    meaning: 'A notification comes after the next one of its terminal',
    manner: 'reordered',
  },
} as const satisfies Record<string, Behaviour>;

export type ScenarioName = keyof typeof table;
export const behaviours: Readonly<Record<ScenarioName, Behaviour>> = table;
export const scenarioNames = Object.keys(table) as readonly ScenarioName[];

/** What a call, a payment or a notification is about: what scenarios can be meant for. */
export interface Facts {
  readonly publicId?: string | undefined;
  /** Such as `payments/tokens/charge`. */
  readonly endpoint?: string | undefined;
  /** Such as `Pay`. */
  readonly type?: string | undefined;
  readonly amountMinor?: number | undefined;
  readonly cardId?: string | undefined;
  readonly token?: string | undefined;
  readonly accountId?: string | undefined;
  readonly invoiceId?: string | undefined;
}

export const factNames = [
  ...(['publicId', 'endpoint', 'type', 'amountMinor', 'cardId'] as const),
  ...(['token', 'accountId', 'invoiceId'] as const),
] as const satisfies readonly (keyof Facts)[];

export interface Scenario extends Facts {
  readonly name: ScenarioName;
  readonly times?: number;
  readonly probability?: number;
  readonly delayMs?: number;
  /** Of a decline. */
  readonly code?: number;
  readonly retryAfterSeconds?: number;
}

interface Placed {
  readonly number: number;
  readonly scenario: Scenario;
  left: number;
  draws: number;
}

type Kind = 'fate' | 'outcome' | 'authentication' | 'manner';

/** Each call looks through all of them. */
export const scenarioLimit = 10_000;

/** What was asked for by `POST /control/scenarios`, in the order it was added. */
export class ScenarioBoard {
  readonly #seed: number;
  #placed: Placed[] = [];
  #numbers = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#placed.length;
  }

  add(scenario: Scenario): void {
    const left = scenario.times ?? Number.POSITIVE_INFINITY;
    this.#placed.push({ number: ++this.#numbers, scenario, left, draws: 0 });
  }

  clear(): void {
    this.#placed = [];
    this.#numbers = 0;
  }

  list(): readonly (Scenario & { readonly left: number | null })[] {
    return this.#placed.map(({ left, scenario }) => ({
      ...scenario,
      left: Number.isFinite(left) ? left : null,
    }));
  }

  /** The first scenario of this kind that is meant for it; it has happened once more. */
  take(kind: Kind, facts: Facts): Scenario | undefined {
    const index = this.#placed.findIndex((placed) => this.#fires(placed, kind, facts));
    const placed = this.#placed[index];
    if (placed === undefined) return undefined;
    placed.left -= 1;
    if (placed.left <= 0) this.#placed.splice(index, 1);
    return placed.scenario;
  }

  #fires(placed: Placed, kind: Kind, facts: Facts): boolean {
    const { scenario } = placed;
    if (behaviours[scenario.name][kind] === undefined) return false;
    for (const name of factNames) {
      if (scenario[name] !== undefined && scenario[name] !== facts[name]) return false;
    }
    if (scenario.probability === undefined) return true;
    placed.draws += 1;
    return chance(this.#seed, placed.number, placed.draws) < scenario.probability;
  }
}
